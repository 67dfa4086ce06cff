// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A progress bar.
#include "progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "figures.h"

namespace demo {
namespace {

constexpr std::chrono::milliseconds kTerminalInterval{100};
constexpr std::chrono::milliseconds kLineInterval{5'000};
constexpr std::size_t kTitleWidth = 19;
constexpr std::size_t kBarWidthMin = 8;
constexpr std::size_t kBarWidthMax = 30;

// A terminal that cannot go back to the start of a line is none for us.
bool draws_on_terminal() {
  const char* kind = std::getenv("TERM");
  return isatty(STDERR_FILENO) == 1 && kind != nullptr && std::strcmp(kind, "dumb") != 0;
}

std::size_t terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

Progress::Progress(std::string title)
    : title_(std::move(title)),
      is_terminal_(draws_on_terminal()),
      next_(is_terminal_ ? began_ : began_ + kLineInterval) {
  title_.resize(std::max(title_.size(), kTitleWidth), ' ');
}

void Progress::show(double share, const std::string& figures) {
  const Clock::time_point now = Clock::now();
  if (now < next_) return;
  next_ = now + (is_terminal_ ? kTerminalInterval : kLineInterval);
  draw(share, figures + remaining(share));
}

void Progress::finish(double share, const std::string& figures) {
  const double seconds = std::chrono::duration<double>(Clock::now() - began_).count();
  draw(share, figures + "  in " + decimal_text(seconds, 1) + " s");
  if (is_terminal_) std::fputc('\n', stderr);
}

void Progress::draw(double share, const std::string& figures) const {
  share = std::clamp(share, 0.0, 1.0);
  std::string percentage = std::to_string(static_cast<int>(share * 100)) + " %";
  percentage.insert(0, 5 - std::min<std::size_t>(5, percentage.size()), ' ');
  if (!is_terminal_) {
    std::fprintf(stderr, "%s %s  %s\n", title_.c_str(), percentage.c_str(), figures.c_str());
    return;
  }
  // The bar takes what the figures leave. A line that wraps cannot be drawn again.
  const std::size_t width = terminal_width() - 1;
  const std::size_t figures_width = title_.size() + percentage.size() + figures.size() + 6;
  const std::size_t left = width > figures_width ? width - figures_width : 0;
  const std::size_t bar_width = std::clamp(left, kBarWidthMin, kBarWidthMax);
  std::string bar(static_cast<std::size_t>(share * static_cast<double>(bar_width)), '#');
  bar.resize(bar_width, '-');
  std::string line = title_ + " [" + bar + "] " + percentage + "  " + figures;
  line.resize(std::min(line.size(), width));
  std::fprintf(stderr, "\r%s\033[K", line.c_str());
  std::fflush(stderr);
}

// As long for the rest as for what is done, in proportion.
std::string Progress::remaining(double share) const {
  if (share < 0.01) return {};
  const double seconds = std::chrono::duration<double>(Clock::now() - began_).count();
  return "  ETA " + std::to_string(static_cast<int>(seconds * (1 - share) / share + 0.5)) + " s";
}

}  // namespace demo
