#pragma once

#include <cstdint>

namespace waybill {

/// A seeded source of chance (xoshiro256**, Blackman and Vigna 2018). Same seed, same sequence, on
/// every platform. Not for secrets. Not thread-safe: one per owner.
class Rng {
 public:
  explicit Rng(std::uint64_t seed);

  /// A seed from the operating system; only the composition root calls this.
  static std::uint64_t system_seed();

  std::uint64_t next();
  /// Uniform in [0, bound); bound > 0.
  std::uint64_t below(std::uint64_t bound);
  /// Uniform in [0, 1).
  double unit();
  /// True with probability `p` in [0, 1].
  bool chance(double p) { return unit() < p; }
  /// An independent generator, for a part that must not disturb this sequence.
  Rng fork() { return Rng(next()); }

 private:
  std::uint64_t state_[4];
};

}  // namespace waybill
