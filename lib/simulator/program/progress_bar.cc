// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "simulator/program/progress_bar.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "larder/clock.h"
#include "simulator/program/sim_report.h"

namespace larder::simulator {
namespace {

constexpr std::chrono::milliseconds kFirst{300};
constexpr std::chrono::milliseconds kInterval{100};

// A terminal that cannot go back to the start of a line is none for us.
bool draws_on_terminal() {
  const char* kind = std::getenv("TERM");
  return isatty(STDERR_FILENO) == 1 && kind != nullptr && std::string_view(kind) != "dumb";
}

}  // namespace

ProgressBar::ProgressBar(std::string_view work, std::string title)
    : title_(std::move(title)),
      is_terminal_(draws_on_terminal()),
      begun_(Clock::system().monotonic()),
      next_(begun_ + kFirst) {
  constexpr std::size_t kTitleMost = 30;
  if (title_.size() > kTitleMost) title_ = "..." + title_.substr(title_.size() - (kTitleMost - 3));
  title_ = std::string(work) + " " + printable(title_);
}

ProgressBar::~ProgressBar() {
  if (drawn_) std::fputs("\r\033[K", stderr);
}

void ProgressBar::show(double share) {
  if (!is_terminal_) return;
  const std::chrono::nanoseconds now = Clock::system().monotonic();
  if (now < next_) return;
  next_ = now + kInterval;
  drawn_ = true;
  share = std::clamp(share, 0.0, 1.0);
  std::string bar(static_cast<std::size_t>(share * 24), '#');
  bar.resize(24, '-');
  // As long for the rest as for what is done, in proportion.
  const double seconds = std::chrono::duration<double>(now - begun_).count();
  const double left = share > 0 ? seconds * (1 - share) / share : 0;
  std::fprintf(stderr, "\r%s [%s] %3d %%, %ld s left\033[K", title_.c_str(), bar.c_str(), static_cast<int>(share * 100),
               std::lround(std::min(left, 1e6)));
  std::fflush(stderr);
}

}  // namespace larder::simulator
