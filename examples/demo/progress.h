// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Shows on stderr how far things are: a bar that is drawn again and again on a terminal, a line every few seconds
// elsewhere.
//
// Thread safety: none.
#pragma once

#include <chrono>
#include <string>

namespace demo {

class Progress {
 public:
  explicit Progress(std::string title);

  // `share` of the work (0 to 1) is done. `figures` stand behind the percentage.
  void show(double share, const std::string& figures);
  // Shows it for the last time, whenever it was shown before, and ends the line.
  void finish(double share, const std::string& figures);

 private:
  using Clock = std::chrono::steady_clock;
  void draw(double share, const std::string& figures) const;
  std::string remaining(double share) const;

  std::string title_;
  bool is_terminal_;
  Clock::time_point began_ = Clock::now();
  Clock::time_point next_;
};

}  // namespace demo
