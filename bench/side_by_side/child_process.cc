// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "bench/side_by_side/child_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <sstream>

extern char** environ;

namespace larder::bench {
namespace {

// Starts it with its stdout on `output`. 0, or an errno.
int start(const std::string& program, const std::vector<std::string>& arguments, int output, pid_t& child) {
  std::vector<std::string> words = {program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  const int error = posix_spawn(&child, program.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

std::string read_all(int from) {
  std::string text;
  std::array<char, 4096> block;
  for (;;) {
    const ssize_t got = read(from, block.data(), block.size());
    if (got <= 0) return text;
    text.append(block.data(), static_cast<std::size_t>(got));
  }
}

std::string wait_for(pid_t child) {
  int status = 0;
  if (waitpid(child, &status, 0) < 0) return "it got lost";
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  if (WIFSIGNALED(status)) return "it was ended by signal " + std::to_string(WTERMSIG(status));
  return "it ended with status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

ChildFigures run_child(const std::string& program, const std::vector<std::string>& arguments) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return {{}, std::strerror(errno)};
  pid_t child = 0;
  const int failure = start(program, arguments, ends[1], child);
  close(ends[1]);
  ChildFigures result;
  if (failure != 0) {
    result.error = program + ": " + std::strerror(failure);
  } else {
    std::istringstream lines(read_all(ends[0]));
    result.error = wait_for(child);
    std::string name;
    for (double value = 0; lines >> name >> value;) result.figures[name] = value;
  }
  close(ends[0]);
  return result;
}

std::string own_program() {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored).string();
}

std::string program_beside(const std::string& name) {
  return (std::filesystem::path(own_program()).parent_path() / name).string();
}

void print_figure(const std::string& name, double value) { std::printf("%s %.17g\n", name.c_str(), value); }

}  // namespace larder::bench
