// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What is checked of a policy alone: it says what it did, evicts each entry once, and hands all memory back.
//
// What is checked of a cache:
//   - a value is the one that was put last, and has not ended;
//   - nobody is told of an entry that is not there, or evicted where the policy may not; where all are told, what is
//     there is what was put and has not left;
//   - a write finds room where all may go, and what is bounded stays below its bound;
//   - counts and memory add up, and all memory comes back.
#include "fuzz/policies_target.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <utility>

#include "eviction/fake_residents.h"
#include "eviction/policy_life.h"
#include "larder/cache.h"
#include "model/choices.h"
#include "support/counting_allocator.h"

namespace larder::fuzz {
namespace {

constexpr std::size_t kActionsMax = 3'000;

struct Name {
  const char* plain;
  const char* parameters;
};
constexpr Name kNames[] = {
    {"s3-fifo", ""},
    {"s3-fifo", ":ghost=0"},
    {"s3-fifo", ":small=0.999,ghost=10,promote=1"},
    {"s3-fifo", ":small=0.001,ghost=0.1,promote=3"},
    {"adaptive", ""},
    {"adaptive", ":bytes=1"},
    {"lru", ""},
    {"lfu", ""},
    {"random", ""},
    {"sieve", ""},
    {"fifo", ""},
    {"w-tinylfu", ""},
    {"w-tinylfu", ":window=0.001"},
    {"w-tinylfu", ":window=0.999"},
    {"arc", ""},
    {"lirs", ""},
    {"lirs", ":hir=0.001"},
    {"lirs", ":hir=0.999"},
    {"gdsf", ""},
    {"redis-lru", ""},
    {"redis-lru", ":samples=64"},
    {"redis-lfu", ""},
    {"redis-lfu", ":samples=1,minute=1"},
};

Name choose_name(model::Choices& choices) { return kNames[choices.below(std::size(kNames))]; }

// --- A policy alone ---------------------------------------------------------------------------------------------------

class PolicyRun {
 public:
  explicit PolicyRun(std::span<const std::uint8_t> bytes) : choices_(bytes) {
    const Name name = choose_name(choices_);
    name_ = std::string(name.plain) + name.parameters;
    policy_ = Eviction::named(name_)->factory()(choices_.below(4));
    shard_ = std::make_unique<eviction::FakeResidents>(*policy_);
    ids_ = choices_.one_in(2) ? 16 : 600;
  }

  std::string run() {
    eviction::PolicyLife life(*policy_, *shard_);
    for (std::size_t i = 0; i < kActionsMax && !choices_.used_up(); ++i) act(life);
    shard_->refuses = false;
    shard_->kept.clear();
    std::string wrong = life.evict_all();
    policy_->clear(*shard_);
    if (wrong.empty() && shard_->lies != 0) wrong = "evict does not say what it did";
    if (wrong.empty() && shard_->live_bytes != 0) wrong = "memory was not handed back";
    return wrong.empty() ? wrong : name_ + ": " + wrong;
  }

 private:
  void act(eviction::PolicyLife& life) {
    const auto below = [&](std::uint64_t n) { return choices_.below(n); };
    constexpr std::uint32_t kWeights[] = {1, 1 << 20, ~std::uint32_t{0}};
    switch (choices_.below(32)) {
      case 0: shard_->refuses = !shard_->refuses; break;
      case 1: shard_->kept = {static_cast<EntryId>(choices_.below(ids_)), 1, 2}; break;
      case 2: shard_->kept.clear(); break;
      case 3: weight_max_ = 1 + 100 * choices_.below(256); break;
      case 4:
        if (const auto id = static_cast<EntryId>(choices_.below(ids_)); shard_->contains(id)) {
          shard_->resize(id, kWeights[choices_.below(std::size(kWeights))]);
        }
        break;
      case 5: policy_->evict(*shard_); break;
      default: life.do_something(ids_, weight_max_, below);
    }
  }

  model::ByteChoices choices_;
  std::string name_;
  std::unique_ptr<EvictionPolicy> policy_;
  std::unique_ptr<eviction::FakeResidents> shard_;
  EntryId ids_ = 0;
  std::uint64_t weight_max_ = 8'000;
};

// --- A cache ------------------------------------------------------------------------------------------------------------

struct Item {
  std::string value;
  std::uint64_t ends_ms = 0;  // 0: it does not
};

class CacheRun {
 public:
  explicit CacheRun(std::span<const std::uint8_t> bytes) : choices_(bytes) {
    constexpr std::uint64_t kEntries[] = {0, 0, 1, 7, 100};
    max_entries_ = kEntries[choices_.below(std::size(kEntries))];
    max_memory_ = choose_memory();
    all_are_told_ = !choices_.one_in(4);
    Options options{.max_memory = max_memory_, .max_entries = max_entries_, .eviction = choose_policy(), .seed = 5};
    options.shards = max_entries_ == 1 || choices_.one_in(2) ? 1 : 2;
    options.clock = &clock_;
    options.allocator = &allocator_;
    if (all_are_told_) {
      options.on_removal = [this](std::string_view key, std::string_view value, RemovalCause cause) {
        note_removal(std::string(key), value, cause);
      };
    }
    if (max_memory_ != 0) allocator_.set_ceiling(max_memory_);
    cache_ = std::make_unique<Cache>(options);
  }

  std::string run() {
    for (std::size_t i = 0; i < kActionsMax && !choices_.used_up() && wrong_.empty(); ++i) {
      act();
      check(i % 64 == 0);
    }
    allocator_.fail_one_in(0);
    check(true);
    compare_all();
    cache_.reset();
    complain(allocator_.complaints(true));
    return wrong_.empty() ? wrong_ : wrong_ + "\n" + story_;
  }

 private:
  void tell(const std::string& what) { story_ += "  " + what + "\n"; }
  void complain(const std::string& what) {
    if (wrong_.empty()) wrong_ = what;
  }
  void complain_if(bool is_wrong, const std::string& what) {
    if (is_wrong) complain(what);
  }

  std::uint64_t choose_memory() {
    constexpr std::uint64_t kMemories[] = {0, 64_KiB, 96_KiB, 256_KiB, 1_MiB};
    return kMemories[choices_.below(std::size(kMemories))];
  }
  Eviction choose_policy() {
    const Name name = choose_name(choices_);
    const std::uint64_t scope = choices_.below(8);
    const std::string full = std::string(name.plain) + (scope < 2 ? "-ttl" : "") + name.parameters;
    Eviction eviction = scope == 2 ? Eviction::none() : *Eviction::named(full);
    tell("policy " + eviction.name());
    scope_before_ = std::exchange(scope_, scope);
    return eviction;
  }
  bool may_evict(std::uint64_t scope, const Item& item) const { return scope > 2 || (scope < 2 && item.ends_ms != 0); }
  std::string choose_key() { return "key" + std::to_string(choices_.below(choices_.one_in(2) ? 8 : 250)); }
  std::string choose_value() {
    constexpr std::uint64_t kSizes[] = {1, 8, 40, 200, 1'000, 1'100, 6'000};
    const std::string letter(1, static_cast<char>('a' + ++values_ % 26));
    const std::uint64_t size = choices_.one_in(16) ? 1 + choices_.below(20'000) : kSizes[choices_.below(7)];
    std::string value;
    while (value.size() < size) value += letter + std::to_string(values_);
    return value.substr(0, size);
  }
  bool is_alive(const std::string& key) const {
    const auto found = items_.find(key);
    return found != items_.end() && (found->second.ends_ms == 0 || now_ms_ < found->second.ends_ms);
  }

  void note_removal(const std::string& key, std::string_view value, RemovalCause cause) {
    tell("  left: " + key + ", " + std::string(to_string(cause)));
    const auto found = items_.find(key);
    if (found == items_.end()) return complain(all_are_told_ ? "told of what is not there: " + key : "");
    complain_if(found->second.value != value, "told of another value of " + key);
    if (cause == RemovalCause::kReplaced) return;
    const bool ends = found->second.ends_ms != 0;
    complain_if(cause == RemovalCause::kExpired && (!ends || now_ms_ < found->second.ends_ms), "expired early: " + key);
    complain_if(cause == RemovalCause::kEvicted && !may_evict(scope_, found->second) &&
                    !may_evict(scope_before_, found->second),
                "evicted what may not be: " + key);
    items_.erase(found);
  }

  void act() {
    switch (choices_.below(24)) {
      case 0: return change_policy();
      case 1: return change_memory();
      case 2: return choices_.one_in(4) ? clear() : pass_time();
      case 3: return pass_time();
      case 4: return choices_.one_in(4) ? fail_allocations() : fill();
      case 5: return append();
      case 6: return remove();
      case 7: return expire();
      case 8: return persist();
      case 9:
        tell("tick");
        cache_->tick();
        return;
      case 10:
      case 11:
      case 12:
      case 13:
      case 14:
      case 15: return set(choose_key(), choose_value(), choices_.one_in(3));
      default: return get(choose_key());
    }
  }

  // Whether a write of so many bytes may be refused.
  bool may_refuse(std::size_t bytes) const {
    return scope_ <= 2 || fails_ || is_over_ || (max_memory_ != 0 && bytes > max_memory_ / 16);
  }
  void set(const std::string& key, const std::string& value, bool ends) {
    SetOptions options;
    if (ends) options.ttl = Milliseconds(1 + choices_.below(200));
    tell("set " + key + ", " + std::to_string(value.size()) + " bytes" + (ends ? ", ends" : ""));
    const Result<bool> done = cache_->set(key, value, options);
    if (done.ok()) {
      items_[key] = {value, ends ? now_ms_ + static_cast<std::uint64_t>(options.ttl->count()) : 0};
    } else {
      tell("  refused: " + done.status().to_string());
      complain_if(!may_refuse(value.size()), "a write was refused");
    }
  }
  void get(const std::string& key) {
    tell("get " + key);
    const bool was_alive = is_alive(key);
    const auto found = cache_->get(key);
    if (found.has_value()) {
      ++hits_;
      complain_if(!was_alive, "found what is not there: " + key);
      complain_if(was_alive && items_[key].value != *found, "found another value: " + key);
    } else {
      complain_if(!found.missing(), "a get answers " + found.status().to_string());
      ++misses_;
      complain_if(was_alive && all_are_told_, "not found: " + key);
    }
  }
  void append() {
    const std::string key = choose_key();
    const std::string suffix = choose_value();
    tell("append to " + key + ", " + std::to_string(suffix.size()) + " bytes");
    const bool was_alive = is_alive(key);
    const auto length = cache_->append(key, suffix);
    if (!length.ok()) {
      const std::size_t bytes = suffix.size() + (was_alive && items_.contains(key) ? items_[key].value.size() : 0);
      tell("  refused: " + length.status().to_string());
      return complain_if(!may_refuse(2 * bytes), "an append was refused");
    }
    const std::uint64_t before = *length - suffix.size();
    if (before == 0) {
      complain_if(was_alive && all_are_told_ && items_.contains(key), "appended to nothing: " + key);
      items_[key] = {suffix, 0};
    } else {
      complain_if(!was_alive || items_[key].value.size() != before, "appended to another value: " + key);
      items_[key].value += suffix;
    }
  }
  void remove() {
    const std::string key = choose_key();
    tell("delete " + key);
    const bool was_alive = is_alive(key);
    const Result<bool> done = cache_->del(key);
    complain_if(!done.ok(), "a deletion was refused");
    complain_if(done.ok() && all_are_told_ && *done != was_alive, "deleted wrongly: " + key);
    items_.erase(key);
  }
  void expire() {
    const std::string key = choose_key();
    const std::uint64_t ttl = 1 + choices_.below(300);
    tell("expire " + key + " in " + std::to_string(ttl));
    const Result<bool> done = cache_->expire(key, Milliseconds(ttl));
    if (!done.ok()) return complain_if(!may_refuse(7'000), "expire was refused");
    complain_if(*done && !items_.contains(key), "an end for what is not there: " + key);
    if (*done) items_[key].ends_ms = now_ms_ + ttl;
  }
  void persist() {
    const std::string key = choose_key();
    tell("persist " + key);
    const Result<bool> done = cache_->persist(key);
    complain_if(done.ok() && *done && !is_alive(key), "persists what is not there: " + key);
    if (done.ok() && *done) items_[key].ends_ms = 0;
  }
  void fill() {
    const std::string value = choose_value();
    const std::uint64_t count = choices_.below(200);
    tell("fill with " + std::to_string(count));
    for (std::uint64_t i = 0; i < count && wrong_.empty(); ++i) {
      set("fill" + std::to_string(++fills_ % 2'000), value.substr(0, 300), i % 4 == 0);
    }
  }
  void pass_time() {
    constexpr std::uint64_t kSteps[] = {1, 20, 300, 100'000};
    const std::uint64_t step = kSteps[choices_.below(std::size(kSteps))];
    tell(std::to_string(step) + " ms later");
    now_ms_ += step;
    clock_.advance(Milliseconds(step));
  }
  void fail_allocations() {
    constexpr std::uint64_t kOneIn[] = {0, 2, 10};
    const std::uint64_t one_in = kOneIn[choices_.below(std::size(kOneIn))];
    tell("one in " + std::to_string(one_in) + " allocations fails");
    allocator_.fail_one_in(one_in);
    fails_ = one_in != 0;
  }
  void change_policy() {
    const Eviction eviction = choose_policy();
    const Status status = cache_->set_eviction(eviction);
    complain_if(!status.ok(), "set_eviction: " + status.to_string());
    scope_before_ = scope_;
  }
  void change_memory() {
    const std::uint64_t bytes = choose_memory();
    tell("max_memory " + std::to_string(bytes));
    const std::uint64_t ceiling = bytes == 0 ? support::CountingAllocator::kNoCeiling : bytes;
    if (bytes == 0 || (max_memory_ != 0 && bytes > max_memory_)) allocator_.set_ceiling(ceiling);
    const Status status = cache_->set_max_memory(bytes);
    max_memory_ = bytes;
    // What is leased counts as used, and may be allocated.
    allocator_.set_ceiling(std::max(ceiling, cache_->stats().bytes_used));
    is_over_ = !status.ok();
    complain_if(!status.ok() && scope_ > 2 && !fails_, "set_max_memory: " + status.to_string());
  }
  void clear() {
    tell("clear");
    const Status status = cache_->clear();
    complain_if(!status.ok(), "clear: " + status.to_string());
    complain_if(cache_->stats().entries != 0, "entries are left by clear");
    items_.clear();
  }

  void check(bool recount) {
    const Stats stats = cache_->stats();
    if (stats.listener_failures != 0) all_are_told_ = false;
    if (is_over_ && stats.bytes_used <= max_memory_) {
      is_over_ = false;
      allocator_.set_ceiling(max_memory_);
    }
    complain_if(stats.hits != hits_ || stats.misses != misses_, "hits and misses do not add up");
    complain_if(max_entries_ != 0 && stats.entries > max_entries_, "more entries than may be");
    complain_if(max_memory_ != 0 && !is_over_ && stats.bytes_used > max_memory_, "more bytes than may be");
    complain_if(all_are_told_ && stats.entries != items_.size(),
                std::to_string(stats.entries) + " entries, not " + std::to_string(items_.size()));
    complain_if(allocator_.live() > stats.bytes_used, "more is allocated than charged");
    complain(allocator_.complaints(false));
    if (!recount) return;
    const Status status = cache_->check_invariants();
    complain_if(!status.ok(), status.to_string());
  }
  void compare_all() {
    const std::map<std::string, Item> items = items_;
    for (const auto& [key, item] : items) {
      if (wrong_.empty()) get(key);
    }
  }

  model::ByteChoices choices_;
  ManualClock clock_;
  support::CountingAllocator allocator_;
  std::uint64_t max_entries_ = 0;
  std::uint64_t max_memory_ = 0;
  std::uint64_t scope_ = 0;  // 0, 1: those that end; 2: none; else: all
  std::uint64_t scope_before_ = 0;
  bool all_are_told_ = false;  // so that items_ are exactly those there; otherwise some may have left
  bool fails_ = false;
  bool is_over_ = false;  // the bound was lowered, and not enough could go
  std::map<std::string, Item> items_;
  std::uint64_t now_ms_ = 1'000;
  std::uint64_t hits_ = 0;
  std::uint64_t misses_ = 0;
  std::uint64_t values_ = 0;
  std::uint64_t fills_ = 0;
  std::string wrong_;
  std::string story_;
  std::unique_ptr<Cache> cache_;
};

}  // namespace

std::string run_policy(std::span<const std::uint8_t> bytes) { return PolicyRun(bytes).run(); }

std::string run_cache_of_policies(std::span<const std::uint8_t> bytes) { return CacheRun(bytes).run(); }

std::string run_policies(std::span<const std::uint8_t> bytes) {
  if (bytes.empty()) return "";
  return bytes.front() % 2 == 0 ? run_policy(bytes.subspan(1)) : run_cache_of_policies(bytes.subspan(1));
}

}  // namespace larder::fuzz
