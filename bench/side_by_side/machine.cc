// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// LARDER_BENCH_FLAGS comes from CMake; bench_commit.h is written anew by each build.
#include "bench/side_by_side/machine.h"

#include <sys/utsname.h>

#include <cstdio>
#include <ctime>
#include <fstream>
#include <string_view>
#include <thread>

#include "bench/workload/process_memory.h"
#include "bench_commit.h"

namespace larder::bench {
namespace {

// What stands behind "name ... :" in a file of such lines; "unknown" if nothing does.
std::string field(const char* path, std::string_view name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(':');
    if (!line.starts_with(name) || colon == std::string::npos) continue;
    const std::size_t text = line.find_first_not_of(" \t", colon + 1);
    if (text != std::string::npos) return line.substr(text);
  }
  return "unknown";
}

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line.empty() ? "unknown" : line;
}

std::string system_name() {
  utsname names{};
  uname(&names);
  return std::string(names.sysname) + " " + names.release + " " + names.machine;
}

std::string today() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts);
  return text;
}

std::string compiler() {
#if defined(__clang__)
  return "clang " __clang_version__;
#else
  return "g++ " __VERSION__;
#endif
}

std::string load_average() {
  const std::string line = first_line("/proc/loadavg");
  return line.substr(0, line.find(' ')) + " when it began (the figures want it low)";
}

}  // namespace

std::vector<std::pair<std::string, std::string>> circumstances() {
  return {
      {"machine", field("/proc/cpuinfo", "model name")},
      {"cores", std::to_string(std::thread::hardware_concurrency())},
      {"memory", field("/proc/meminfo", "MemTotal")},
      {"huge pages", first_line("/sys/kernel/mm/transparent_hugepage/enabled")},
      {"system", system_name()},
      {"load", load_average()},
      {"compiler", compiler()},
      {"flags", LARDER_BENCH_FLAGS},
      {"commit", LARDER_BENCH_COMMIT},
      {"allocator", process_allocator() + ", for all contenders"},
      {"date", today()},
  };
}

}  // namespace larder::bench
