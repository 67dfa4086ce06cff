// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Makes a failing sequence short: first by leaving out ever smaller pieces of it, then by making its commands plainer.
#include "model/shrink.h"

#include <algorithm>
#include <utility>

namespace larder::model {
namespace {

constexpr int kRunsMax = 3'000;
constexpr std::size_t kLineMax = 2'000;

class Shrinker {
 public:
  Shrinker(const Runner& run, std::vector<Command> commands) : run_(run), commands_(std::move(commands)) {}

  std::vector<Command> shrink() {
    std::size_t before = 0;
    do {
      before = commands_.size();
      leave_out();
      join_advances();
      make_plainer();
    } while (commands_.size() < before && runs_ < kRunsMax);
    return commands_;
  }

 private:
  // Keeps `candidate` if it fails, too.
  bool try_it(std::vector<Command> candidate) {
    if (++runs_ > kRunsMax) return false;
    const auto failure = run_(candidate);
    if (!failure) return false;
    if (failure->at + 1 < candidate.size()) candidate.resize(failure->at + 1);
    commands_ = std::move(candidate);
    return true;
  }

  void leave_out() {
    for (std::size_t piece = commands_.size() / 2; piece > 0; piece /= 2) {
      for (std::size_t at = 0; at < commands_.size();) {
        std::vector<Command> candidate(commands_.begin(), commands_.begin() + static_cast<std::ptrdiff_t>(at));
        const std::size_t rest = std::min(commands_.size(), at + piece);
        candidate.insert(candidate.end(), commands_.begin() + static_cast<std::ptrdiff_t>(rest), commands_.end());
        if (!try_it(std::move(candidate))) at += piece;
      }
    }
  }

  void join_advances() {
    for (std::size_t i = 0; i + 1 < commands_.size();) {
      std::vector<Command> candidate = commands_;
      const bool both = commands_[i].verb == Verb::kAdvance && commands_[i + 1].verb == Verb::kAdvance;
      if (both) candidate[i].first += candidate[i + 1].first;
      candidate.erase(candidate.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      if (!both || !try_it(std::move(candidate))) ++i;
    }
  }

  void make_plainer() {
    const std::vector<std::function<void(Command&)>> ways = {
        [](Command& c) { c.how = How::kPlain; },
        [](Command& c) { c.set = {}; },
        [](Command& c) { c.get_ex = {}; },
        [](Command& c) { c.range = {}; },
        [](Command& c) { c.lcs = {}; },
        [](Command& c) { c.expire_if = ExpireIf::kAlways; },
        [](Command& c) { c.offset = 0; },
        [](Command& c) {
          if (c.steps.size() > 1) c.steps.pop_back();
        },
        [](Command& c) {
          if (c.steps.size() > 1) c.steps.erase(c.steps.begin());
        },
        [](Command& c) {
          if (c.verb != Verb::kMset && c.verb != Verb::kMsetNx && c.keys.size() > 2) c.keys.pop_back();
        },
        [](Command& c) {
          if (c.values.size() < 2) return;
          c.values.pop_back();
          c.keys.pop_back();
        },
        [](Command& c) {
          if (c.values.size() < 2) return;
          c.values.erase(c.values.begin());
          c.keys.erase(c.keys.begin());
        },
        [](Command& c) {
          for (auto& value : c.values) value = "x";
        },
        [](Command& c) {
          for (auto& value : c.values) value.resize(value.size() / 2);
        },
    };
    for (std::size_t i = 0; i < commands_.size(); ++i) {
      for (const auto& way : ways) {
        std::vector<Command> candidate = commands_;
        way(candidate[i]);
        if (printable(candidate[i]) != printable(commands_[i])) try_it(std::move(candidate));
        if (i >= commands_.size()) return;
      }
    }
  }

  const Runner& run_;
  std::vector<Command> commands_;
  int runs_ = 0;
};

}  // namespace

std::vector<Command> shrink(const Runner& run, std::vector<Command> commands) {
  return Shrinker(run, std::move(commands)).shrink();
}

std::string run_and_explain(const Runner& run, const std::vector<Command>& commands) {
  const auto failure = run(commands);
  if (!failure) return "";
  std::vector<Command> cut = commands;
  if (failure->at + 1 < cut.size()) cut.resize(failure->at + 1);
  const std::vector<Command> brief = shrink(run, cut);
  const auto again = run(brief);
  std::string text =
      "after " + std::to_string(failure->at + 1) + " commands, or after these " + std::to_string(brief.size()) + ":\n";
  for (const Command& command : brief) {
    const std::string line = printable(command);
    text += "  " + (line.size() <= kLineMax ? line : line.substr(0, kLineMax) + " ...") + "\n";
  }
  return text + "wrong: " + (again ? again->what : failure->what) + "\n";
}

}  // namespace larder::model
