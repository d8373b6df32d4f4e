// What is refused is what the runtimes of containers refuse by default (containers/common
// pkg/seccomp, moby profiles/seccomp) to a program without capabilities.

#define _GNU_SOURCE

#include "container_seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
enum { kArchitecture = AUDIT_ARCH_X86_64 };
#elif defined(__aarch64__)
enum { kArchitecture = AUDIT_ARCH_AARCH64 };
#else
enum { kArchitecture = 0 };
#endif

// The last that Linux 6.1 has, the same on every architecture.
enum { kLastKnown = 450 };

static const int kRefused[] = {
    SYS_acct,
    SYS_add_key,
    SYS_adjtimex,
    SYS_bpf,
    SYS_clock_adjtime,
    SYS_clock_settime,
    SYS_delete_module,
    SYS_fanotify_init,
    SYS_finit_module,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_fsopen,
    SYS_fspick,
    SYS_init_module,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_io_uring_setup,
    SYS_kcmp,
    SYS_kexec_file_load,
    SYS_kexec_load,
    SYS_keyctl,
    SYS_lookup_dcookie,
    SYS_mount,
    SYS_mount_setattr,
    SYS_move_mount,
    SYS_move_pages,
    SYS_name_to_handle_at,
    SYS_nfsservctl,
    SYS_open_by_handle_at,
    SYS_open_tree,
    SYS_perf_event_open,
    SYS_pidfd_getfd,
    SYS_pivot_root,
    SYS_process_madvise,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_ptrace,
    SYS_quotactl,
    SYS_quotactl_fd,
    SYS_reboot,
    SYS_request_key,
    SYS_setdomainname,
    SYS_sethostname,
    SYS_setns,
    SYS_settimeofday,
    SYS_swapoff,
    SYS_swapon,
    SYS_syslog,
    SYS_umount2,
    SYS_unshare,
    SYS_userfaultfd,
    SYS_vhangup,
#if defined(__x86_64__)
    SYS__sysctl,
    SYS_create_module,
    SYS_get_kernel_syms,
    SYS_ioperm,
    SYS_iopl,
    SYS_modify_ldt,
    SYS_query_module,
    SYS_sysfs,
    SYS_uselib,
    SYS_ustat,
#endif
};
static const unsigned kFamilies[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

enum { kInstructionsMax = 512 };
struct Program {
  struct sock_filter code[kInstructionsMax];
  unsigned short size;
};

static void add(struct Program* program, uint16_t code, uint32_t value, uint8_t yes, uint8_t no) {
  program->code[program->size++] = (struct sock_filter){code, yes, no, value};
}

static void load(struct Program* program, size_t offset) {
  add(program, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void answer(struct Program* program, uint32_t action) {
  add(program, BPF_RET | BPF_K, action, 0, 0);
}

/// The lower half of an argument; the upper one counts for none of those that are looked at.
static void load_argument(struct Program* program, int number) {
  load(program, offsetof(struct seccomp_data, args) + (size_t)number * sizeof(uint64_t));
}

static const uint32_t kNotAllowed = SECCOMP_RET_ERRNO | EPERM;

static void refuse_calls(struct Program* program) {
  load(program, offsetof(struct seccomp_data, nr));
  // Also those of x32, which are known by a high bit.
  add(program, BPF_JMP | BPF_JGT | BPF_K, kLastKnown, 0, 1);
  answer(program, SECCOMP_RET_ERRNO | ENOSYS);
  add(program, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1);
  // Its flags are in memory, where a filter can't look: libraries take clone then.
  answer(program, SECCOMP_RET_ERRNO | ENOSYS);
  for (size_t i = 0; i < sizeof kRefused / sizeof *kRefused; ++i) {
    add(program, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)kRefused[i], 0, 1);
    answer(program, kNotAllowed);
  }
}

static void refuse_arguments(struct Program* program) {
  const uint32_t namespaces = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
                              CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP;
  add(program, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4);
  load_argument(program, 0);
  add(program, BPF_JMP | BPF_JSET | BPF_K, namespaces, 0, 1);
  answer(program, kNotAllowed);
  answer(program, SECCOMP_RET_ALLOW);
  // What would type into a terminal.
  add(program, BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 5);
  load_argument(program, 1);
  add(program, BPF_JMP | BPF_JEQ | BPF_K, TIOCSTI, 1, 0);
  add(program, BPF_JMP | BPF_JEQ | BPF_K, TIOCLINUX, 0, 1);
  answer(program, kNotAllowed);
  answer(program, SECCOMP_RET_ALLOW);
  const uint8_t families = sizeof kFamilies / sizeof *kFamilies;
  add(program, BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, (uint8_t)(families + 3));
  load_argument(program, 0);
  for (uint8_t i = 0; i < families; ++i) {
    add(program, BPF_JMP | BPF_JEQ | BPF_K, kFamilies[i], (uint8_t)(families - i), 0);
  }
  answer(program, SECCOMP_RET_ERRNO | EAFNOSUPPORT);
  answer(program, SECCOMP_RET_ALLOW);
  answer(program, SECCOMP_RET_ALLOW);
}

bool filter_system_calls(void) {
  if (kArchitecture == 0) {
    errno = ENOSYS;
    return false;
  }
  static struct Program program;
  load(&program, offsetof(struct seccomp_data, arch));
  add(&program, BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0);
  answer(&program, SECCOMP_RET_KILL_PROCESS);
  refuse_calls(&program);
  refuse_arguments(&program);
  const struct sock_fprog filter = {.len = program.size, .filter = program.code};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}
