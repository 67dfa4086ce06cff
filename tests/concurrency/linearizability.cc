// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// The search.
#include "concurrency/linearizability.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <unordered_set>

#include "concurrency/key_states.h"
#include "model/answer.h"

namespace larder::concurrency {
namespace {

using Bits = std::vector<std::uint64_t>;

struct Configuration {
  Bits done;
  KeyStates states;
  bool operator==(const Configuration&) const = default;
};

struct ConfigurationHash {
  std::size_t operator()(const Configuration& configuration) const {
    std::uint64_t hash = 0x9e3779b97f4a7c15;
    const auto mix = [&](std::uint64_t word) { hash = (hash ^ word) * 0xff51afd7ed558ccd, hash ^= hash >> 32; };
    for (const std::uint64_t word : configuration.done) mix(word);
    for (const KeyState& state : configuration.states) {
      mix(state.value ? std::hash<std::string>()(*state.value) : 1);
      for (const std::uint64_t version : state.versions) mix(version);
    }
    return static_cast<std::size_t>(hash);
  }
};

// The calls and returns of operations not yet done, in their order, as a list in which an operation is taken out and
// put back in O(1). Links are kept by position: 0 is the head, positions are 1 to 2n.
class Events {
 public:
  struct Event {
    std::size_t operation = 0;
    bool is_call = false;
    std::size_t before = 0;
    std::size_t behind = 0;  // 0: the end
  };

  explicit Events(const std::vector<Operation>& history) : call_of_(history.size()), return_of_(history.size()) {
    std::vector<std::pair<std::uint64_t, Event>> sorted;
    for (std::size_t i = 0; i < history.size(); ++i) {
      sorted.push_back({history[i].called, {.operation = i, .is_call = true}});
      sorted.push_back({history[i].returned, {.operation = i, .is_call = false}});
    }
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    events_.push_back({});
    for (auto& [point, event] : sorted) {
      const std::size_t at = events_.size();
      (event.is_call ? call_of_ : return_of_)[event.operation] = at;
      event.before = at - 1;
      event.behind = at == sorted.size() ? 0 : at + 1;
      events_.push_back(event);
    }
    events_[0].behind = sorted.empty() ? 0 : 1;
  }

  std::size_t first() const { return events_[0].behind; }
  const Event& operator[](std::size_t at) const { return events_[at]; }

  void take_out(std::size_t operation) {
    unlink(call_of_[operation]);
    unlink(return_of_[operation]);
  }
  // REQUIRES: in the reverse order of take_out.
  void put_back(std::size_t operation) {
    link(return_of_[operation]);
    link(call_of_[operation]);
  }
  std::size_t call_of(std::size_t operation) const { return call_of_[operation]; }

 private:
  void unlink(std::size_t at) {
    events_[events_[at].before].behind = events_[at].behind;
    if (events_[at].behind != 0) events_[events_[at].behind].before = events_[at].before;
  }
  void link(std::size_t at) {
    events_[events_[at].before].behind = at;
    if (events_[at].behind != 0) events_[events_[at].behind].before = at;
  }

  std::vector<Event> events_;
  std::vector<std::size_t> call_of_;
  std::vector<std::size_t> return_of_;
};

class Search {
 public:
  Search(const std::vector<Operation>& history, Loss loss, std::uint64_t steps_max)
      : history_(history), loss_(loss), steps_max_(steps_max), events_(history), done_((history.size() + 63) / 64, 0) {}

  Judgement run() {
    Judgement judgement;
    std::size_t at = events_.first();
    while (events_.first() != 0) {
      if (++judgement.steps > steps_max_) return judgement;
      const Events::Event event = events_[at];
      if (event.is_call) {
        at = try_next(event.operation) ? events_.first() : events_[at].behind;
      } else if (taken_.empty()) {
        judgement.verdict = Verdict::kNot;
        judgement.explanation = explain();
        return judgement;
      } else {
        at = step_back();
      }
    }
    judgement.verdict = Verdict::kLinearizable;
    return judgement;
  }

 private:
  struct Taken {
    std::size_t operation;
    KeyStates states_before;
  };

  bool try_next(std::size_t operation) {
    KeyStates next = after(states_, history_[operation], loss_);
    if (next.empty()) return false;
    Configuration configuration{done_, next};
    configuration.done[operation / 64] |= std::uint64_t{1} << (operation % 64);
    const auto [place, is_new] = seen_.insert(std::move(configuration));
    if (!is_new) return false;
    done_ = place->done;
    taken_.push_back({operation, std::exchange(states_, std::move(next))});
    events_.take_out(operation);
    if (taken_.size() > best_.size()) {
      best_.clear();
      for (const Taken& taken : taken_) best_.push_back(taken.operation);
    }
    return true;
  }

  // Back to before the operation taken last, and on behind it.
  std::size_t step_back() {
    const std::size_t operation = taken_.back().operation;
    states_ = std::move(taken_.back().states_before);
    taken_.pop_back();
    done_[operation / 64] &= ~(std::uint64_t{1} << (operation % 64));
    events_.put_back(operation);
    return events_[events_.call_of(operation)].behind;
  }

  std::string explain() const {
    std::string text = "the longest order found:\n";
    std::vector<bool> placed(history_.size(), false);
    for (const std::size_t operation : best_) {
      text += "    " + printable(history_[operation]) + "\n";
      placed[operation] = true;
    }
    text += "  and these cannot follow:\n";
    std::vector<Operation> rest;
    for (std::size_t i = 0; i < history_.size(); ++i) {
      if (!placed[i]) rest.push_back(history_[i]);
    }
    std::sort(rest.begin(), rest.end(), [](const auto& a, const auto& b) { return a.called < b.called; });
    if (rest.size() > 20) rest.resize(20);
    for (const Operation& operation : rest) text += "    " + printable(operation) + "\n";
    return text;
  }

  const std::vector<Operation>& history_;
  const Loss loss_;
  const std::uint64_t steps_max_;
  Events events_;
  Bits done_;
  KeyStates states_ = initial_states();
  std::vector<Taken> taken_;
  std::vector<std::size_t> best_;
  std::unordered_set<Configuration, ConfigurationHash> seen_;
};

}  // namespace

Judgement judge(const std::vector<Operation>& history, Loss loss, std::uint64_t steps_max) {
  return Search(history, loss, steps_max).run();
}

bool is_linearizable_by_brute_force(const std::vector<Operation>& history, Loss loss) {
  std::vector<std::size_t> order(history.size());
  std::iota(order.begin(), order.end(), 0);
  do {
    bool possible = true;
    KeyStates states = initial_states();
    for (std::size_t i = 0; i < order.size() && possible; ++i) {
      for (std::size_t j = i + 1; j < order.size(); ++j) {
        possible &= history[order[j]].returned > history[order[i]].called;  // the later one may not have ended before
      }
      states = after(states, history[order[i]], loss);
      possible &= !states.empty();
    }
    if (possible) return true;
  } while (std::next_permutation(order.begin(), order.end()));
  return history.empty();
}

const char* name_of(Action action) {
  static constexpr const char* kNames[] = {
      "get",  "mget",    "exists",  "strlen", "set",         "set if absent", "set if present", "get_set",
      "del",  "get_del", "incr_by", "append", "set_range 0", "expire far",    "expire past",    "rpush",
      "lpop", "llen",    "sadd",    "srem",   "smembers",    "hincr_by",      "get_versioned",  "compare_and_set"};
  return kNames[static_cast<std::size_t>(action)];
}

std::string printable(const Operation& operation) {
  std::string text = "[" + std::to_string(operation.called) + ", " + std::to_string(operation.returned) + "] thread " +
                     std::to_string(operation.thread) + ": " + name_of(operation.action);
  if (!operation.text.empty()) text += " " + model::printable(operation.text);
  if (operation.action == Action::kIncrBy || operation.action == Action::kAddToField)
    text += " " + std::to_string(operation.number);
  if (operation.action == Action::kCompareAndSet) text += " if version " + std::to_string(operation.version);
  text += " -> " + model::printable(operation.answer);
  if (operation.version_after != 0) text += ", version " + std::to_string(operation.version_after);
  return text;
}

std::string printable(const std::vector<Operation>& history) {
  std::vector<Operation> sorted = history;
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.called < b.called; });
  std::string text;
  for (const Operation& operation : sorted) text += "  " + printable(operation) + "\n";
  return text;
}

}  // namespace larder::concurrency
