// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Runs a program of ours and reads the figures that it prints, one "name value" a line. A figure of memory is taken in
// a process of its own, where no earlier work has left freed memory to be used again.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace larder::bench {

struct ChildFigures {
  std::map<std::string, double> figures;
  std::string error;  // empty if it ran, and ended with 0
};

// `program` with `arguments` behind its name. Waits for it. What it says on stderr goes to ours.
ChildFigures run_child(const std::string& program, const std::vector<std::string>& arguments);

// This program's file, and one beside it.
std::string own_program();
std::string program_beside(const std::string& name);

// For the child: prints one figure.
void print_figure(const std::string& name, double value);

}  // namespace larder::bench
