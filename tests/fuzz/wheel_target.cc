// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What the wheel promises, checked:
//   - when advance(now) has done all it had to do, no entry is left whose deadline has come;
//   - nothing fires that is not due;
//   - an armed entry always has a timer where it belongs;
//   - after a sweep there are not many more timers than entries;
//   - its own count is right, and all memory comes back.
#include "fuzz/wheel_target.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "expiry/timing_wheel.h"
#include "model/choices.h"
#include "support/counting_allocator.h"

namespace larder::fuzz {
namespace {

constexpr std::size_t kActionsMax = 4'000;
constexpr std::size_t kEntriesMax = 200;
constexpr std::uint64_t kTimeMax = std::uint64_t{1} << 47;

struct Entry {
  std::uint32_t id;
  std::uint64_t deadline;
  bool mark = false;
};

class Owner final : public expiry::Timers {
 public:
  void find(std::uint32_t id, FunctionRef<bool(expiry::Timer&)> visit) override {
    for (Entry& entry : entries) {
      if (entry.id != id) continue;
      expiry::Timer timer{entry.deadline, entry.mark};
      const bool done = visit(timer);
      entry.mark = timer.mark;
      if (done) return;
    }
  }
  void fire(std::uint32_t id, std::uint64_t now) override {
    const auto gone =
        std::erase_if(entries, [&](const Entry& entry) { return entry.id == id && entry.deadline <= now; });
    fired_for_nothing += gone == 0;
  }
  void prefetch(std::uint32_t) override {}
  void prefetch_entry(std::uint32_t) override {}
  std::uint64_t armed() const override { return entries.size(); }

  std::vector<Entry> entries;
  std::uint64_t fired_for_nothing = 0;
};

class WheelRun {
 public:
  WheelRun(std::span<const std::uint8_t> bytes, const WheelOptions& options)
      : choices_(bytes),
        options_(options),
        account_(new memory::Account(allocator_, std::int64_t{1} << 40)),
        memory_(*account_, 4096),
        wheel_(memory_, owner_) {}
  ~WheelRun() { account_->release(); }

  std::string run() {
    std::string wrong;
    for (std::size_t i = 0; i < kActionsMax && !choices_.used_up() && wrong.empty(); ++i) wrong = act();
    if (wrong.empty()) wrong = finish();
    wheel_.clear();
    memory_.give_back_surplus(true);
    if (wrong.empty()) wrong = allocator_.complaints(true);
    return wrong.empty() ? wrong : wrong + "\n" + story_;
  }

 private:
  void tell(const std::string& what) { story_ += "  " + what + "\n"; }

  std::string act() {
    switch (choices_.below(8)) {
      case 0:
      case 1:
      case 2: add(); break;
      case 3: move(); break;
      case 4: forget(); break;
      case 5:
      case 6: return advance();
      default: {
        const auto budget = static_cast<std::uint32_t>(1 + choices_.below(40));
        tell("sweep " + std::to_string(budget));
        wheel_.sweep(budget);
      }
    }
    return check();
  }

  // Near and far, on both sides of what a digit of base 64 can hold.
  std::uint64_t some_deadline() {
    const std::uint64_t near[] = {1, 2, 3, 60, 63, 64, 65, 127, 128, 4'000, 4'095, 4'096, 4'097, 262'143, 262'144};
    std::uint64_t ahead = near[choices_.below(std::size(near))];
    if (choices_.one_in(4)) ahead = (std::uint64_t{1} << choices_.below(46)) + choices_.below(3);
    return wheel_.now() + std::max<std::uint64_t>(ahead, 1);
  }

  void arm(std::size_t i) {
    // As the shard does it: the wheel may look at the entry, which is there already, while it arms.
    expiry::Timer timer{owner_.entries[i].deadline, owner_.entries[i].mark};
    wheel_.arm(owner_.entries[i].id, timer);
    owner_.entries[i].mark = timer.mark;
  }

  void add() {
    if (owner_.entries.size() >= kEntriesMax) return;
    const std::uint32_t id = options_.shared_ids ? static_cast<std::uint32_t>(choices_.below(12)) : ++last_id_;
    const std::uint64_t deadline = some_deadline();
    tell("add id " + std::to_string(id) + " until " + std::to_string(deadline));
    owner_.entries.push_back({id, deadline});
    arm(owner_.entries.size() - 1);
  }

  void move() {
    if (owner_.entries.empty()) return;
    const std::size_t i = choices_.below(owner_.entries.size());
    Entry& entry = owner_.entries[i];
    const std::uint64_t before = std::exchange(entry.deadline, some_deadline());
    tell("move id " + std::to_string(entry.id) + " from " + std::to_string(before) + " to " +
         std::to_string(entry.deadline));
    if (wheel_.must_rearm(before, entry.deadline)) arm(i);
  }

  void forget() {
    if (owner_.entries.empty()) return;
    const std::size_t i = choices_.below(owner_.entries.size());
    tell("forget id " + std::to_string(owner_.entries[i].id) + " until " + std::to_string(owner_.entries[i].deadline));
    owner_.entries.erase(owner_.entries.begin() + static_cast<std::ptrdiff_t>(i));
  }

  std::string advance() {
    const std::uint64_t steps[] = {0, 1, 2, 10, 63, 64, 65, 1'000, 4'096, 5'000, 262'144, 20'000'000};
    const std::uint64_t now = std::min(kTimeMax, wheel_.now() + steps[choices_.below(std::size(steps))]);
    const auto budget = static_cast<std::uint32_t>(choices_.one_in(3) ? 1 + choices_.below(4) : 1'000'000);
    tell("advance to " + std::to_string(now) + ", budget " + std::to_string(budget));
    const std::uint32_t looked = wheel_.advance(now, budget);
    if (looked > budget) return "looked at more than the budget";
    if (looked < budget) {
      if (const auto late = late_entry(now)) return "id " + std::to_string(*late) + " did not fire in time";
      if (wheel_.due(now)) return "done, and still due";
    }
    return check();
  }

  std::optional<std::uint32_t> late_entry(std::uint64_t now) const {
    for (const Entry& entry : owner_.entries) {
      if (entry.deadline <= now) return entry.id;
    }
    return std::nullopt;
  }

  std::string check() {
    if (const char* wrong = wheel_.check()) return wrong;
    for (const Entry& entry : owner_.entries) {
      bool found = false;
      wheel_.for_timers_of(entry.deadline, [&](std::uint32_t id) { found |= id == entry.id; });
      if (!found)
        return "id " + std::to_string(entry.id) + " until " + std::to_string(entry.deadline) + " has no timer";
    }
    return "";
  }

  std::string finish() {
    tell("finish the slot in hand, and sweep all, twice");
    while (wheel_.advance(wheel_.now(), 1'000) == 1'000) {
    }
    for (int i = 0; i < 2; ++i) {
      while (wheel_.sweep(1'000) == 1'000) {
      }
    }
    if (wheel_.timers() > 2 * owner_.armed() + 64) {
      return std::to_string(wheel_.timers()) + " timers for " + std::to_string(owner_.armed()) +
             " entries after a sweep";
    }
    if (std::string wrong = check(); !wrong.empty()) return wrong;
    tell("advance to the end of time");
    while (wheel_.advance(kTimeMax * 2 - 1, 1'000) == 1'000) {
    }
    if (const auto late = late_entry(kTimeMax * 2 - 1)) return "id " + std::to_string(*late) + " never fired";
    return check();
  }

  model::ByteChoices choices_;
  const WheelOptions options_;
  support::CountingAllocator allocator_;
  memory::Account* account_;
  memory::ShardMemory memory_;
  Owner owner_;
  expiry::TimingWheel wheel_;
  std::uint32_t last_id_ = 0;
  std::string story_;
};

}  // namespace

std::string run_wheel(std::span<const std::uint8_t> bytes, const WheelOptions& options) {
  return WheelRun(bytes, options).run();
}

}  // namespace larder::fuzz
