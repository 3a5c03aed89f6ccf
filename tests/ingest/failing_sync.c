/* Preloaded into a server: while there is a file of the name in FAIL_SYNC, fsync and fdatasync fail as those of
   a broken disk do, for each path that the pattern written in it fits. Those paths go to FAIL_SYNC + ".log". */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int fails(int file) {
  const char *flag = getenv("FAIL_SYNC");
  char which[256] = "", link[64], path[4096] = "", log[4096];
  int opened = flag == NULL ? -1 : open(flag, O_RDONLY | O_CLOEXEC);
  if (opened < 0) return 0;
  ssize_t length = read(opened, which, sizeof which - 1);
  close(opened);
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t size = readlink(link, path, sizeof path - 2);
  if (length < 0 || size < 0 || fnmatch(which, path, 0) != 0) return 0;
  snprintf(log, sizeof log, "%s.log", flag);
  opened = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  path[size] = '\n';
  if (opened < 0 || write(opened, path, size + 1) < 0) abort();
  close(opened);
  errno = EIO;
  return 1;
}

int fsync(int file) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  return fails(file) ? -1 : real(file);
}

int fdatasync(int file) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  return fails(file) ? -1 : real(file);
}
