#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "apps/waybill/program.h"

int main(int argc, char** argv) {
  try {
    return waybill::cli::run_program({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "waybill: a bug: %s\n", error.what());
  } catch (...) {
    std::fprintf(stderr, "waybill: a bug: something unknown was thrown\n");
  }
  return 70;
}
