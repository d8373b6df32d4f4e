#define _GNU_SOURCE

#include "supervisor_children.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void signal_child(pid_t pid, int number) {
  const pid_t group = getpgid(pid);
  if (group > 1 && group != getpgrp()) kill(-group, number);
  kill(pid, number);
}

/// The parent of a process; 0 if it is gone.
static pid_t parent_of(const char* pid) {
  char path[64];
  char text[512];
  snprintf(path, sizeof path, "/proc/%s/stat", pid);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  const ssize_t got = read(fd, text, sizeof text - 1);
  close(fd);
  if (got <= 0) return 0;
  text[got] = '\0';
  // "PID (NAME) STATE PARENT …"; the name may hold anything, also parentheses.
  const char* rest = strrchr(text, ')');
  int parent = 0;
  if (rest == NULL || sscanf(rest + 1, " %*c %d", &parent) != 1) return 0;
  return parent;
}

/// For kernels without a list of children (CONFIG_PROC_CHILDREN): looks at every process.
static void signal_found_children(int number) {
  DIR* processes = opendir("/proc");
  if (processes == NULL) return;
  const pid_t self = getpid();
  const struct dirent* entry;
  while ((entry = readdir(processes)) != NULL) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    if (parent_of(entry->d_name) == self) signal_child(atoi(entry->d_name), number);
  }
  closedir(processes);
}

void signal_children(bool scan, int number) {
  FILE* children = scan ? NULL : fopen("/proc/thread-self/children", "re");
  if (children == NULL) {
    signal_found_children(number);
    return;
  }
  int pid;
  while (fscanf(children, "%d", &pid) == 1) signal_child(pid, number);
  fclose(children);
}
