// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A bar on stderr, if that is a terminal; else nothing. It is gone when the work is done.
//
// Thread safety: none.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace larder::simulator {

class ProgressBar {
 public:
  // "reading" and a file's name, say.
  ProgressBar(std::string_view work, std::string title);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // `share` of the work (0 to 1) is done. Drawn ten times a second at most, and not in the first 300 ms.
  void show(double share);

 private:
  std::string title_;
  bool is_terminal_;
  bool drawn_ = false;
  std::chrono::nanoseconds begun_;
  std::chrono::nanoseconds next_;
};

}  // namespace larder::simulator
