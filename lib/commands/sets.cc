// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// Commands on sets.
#include "larder/sets.h"

#include <algorithm>
#include <optional>

#include "commands/collections.h"
#include "commands/glob.h"
#include "commands/sampling.h"
#include "commands/set_algebra.h"
#include "commands/user_function.h"
#include "keyspace/multi_key.h"

namespace larder {

using collections::Edited;
using keyspace::Entry;
using keyspace::Held;
using keyspace::SetType;
using keyspace::Use;
using keyspace::use_of;
using Draft = SetType::Draft;
using View = SetType::View;

// --- Snapshots --------------------------------------------------------------------------------------------------------------

struct SetSnapshot::Body {
  explicit Body(const base::KeyHash& its_hash) : hash(its_hash) {}
  Held<SetType> held;
  const base::KeyHash hash;
};

SetSnapshot::SetSnapshot(std::unique_ptr<Body> body) noexcept : body_(std::move(body)) {}
SetSnapshot::SetSnapshot(SetSnapshot&&) noexcept = default;
SetSnapshot& SetSnapshot::operator=(SetSnapshot&&) noexcept = default;
SetSnapshot::~SetSnapshot() = default;

std::uint64_t SetSnapshot::size() const noexcept { return body_->held.view().size(); }

bool SetSnapshot::contains(std::string_view member) const noexcept {
  return body_->held.view().contains(body_->hash, member);
}

void SetSnapshot::for_each(FunctionRef<bool(std::string_view)> visit) const {
  commands::show_all(body_->held.view(), visit);
}

Lookup<SetSnapshot> Sets::ssnapshot(std::string_view key) {
  auto body = std::make_unique<SetSnapshot::Body>(keyspace_->environment().hash);
  Status status = keyspace::hold(*keyspace_, key, use_of(looks_, Use::kMark), &body->held);
  if (!status.ok()) return status;
  if (!body->held) return {};
  return SetSnapshot(std::move(body));
}

// --- Reading ----------------------------------------------------------------------------------------------------------------

Result<std::uint64_t> Sets::scard(std::string_view key) {
  std::uint64_t size = 0;
  Status status = keyspace::read<SetType>(*keyspace_, key, use_of(looks_, Use::kMark),
                                          [&](const View& view) { size = view.size(); });
  if (!status.ok()) return status;
  return size;
}

namespace {

// look(view): under the shard's lock if so many members of so many bytes in all are few to look up there, else at a
// version.
template <typename Look>
Status look_at(keyspace::Keyspace& keyspace, std::string_view key, Use use, std::uint64_t members, std::uint64_t bytes,
               Look&& look) {
  const bool few = commands::edits_of(members, bytes) <= keyspace::kItemsAHold;
  Held<SetType> held;
  Status status = keyspace.view_as(SetType::kType, key, use, [&](const Entry* entry) {
    if (entry == nullptr) return;
    few ? look(keyspace::view_of<SetType>(*entry)) : held.take(*entry);
  });
  if (status.ok() && held) look(held.view());
  return status;
}

std::uint64_t bytes_of(const KeyList& members) {
  std::uint64_t bytes = 0;
  for (const std::string_view member : members) bytes += member.size();
  return bytes;
}

}  // namespace

Result<bool> Sets::sis_member(std::string_view key, std::string_view member) {
  bool found = false;
  Status status = look_at(*keyspace_, key, use_of(looks_, Use::kMark), 1, member.size(),
                          [&](const View& view) { found = view.contains(keyspace_->environment().hash, member); });
  if (!status.ok()) return status;
  return found;
}

Result<std::vector<bool>> Sets::smis_member(std::string_view key, const KeyList& members) {
  std::vector<bool> found(members.size());
  const Use use = use_of(looks_, Use::kMark);
  Status status = look_at(*keyspace_, key, use, members.size(), bytes_of(members), [&](const View& view) {
    auto to = found.begin();
    for (const std::string_view member : members) *to++ = view.contains(keyspace_->environment().hash, member);
  });
  if (!status.ok()) return status;
  return found;
}

Result<ItemList> Sets::smembers(std::string_view key) {
  Held<SetType> held;
  Status status = keyspace::hold(*keyspace_, key, use_of(looks_, Use::kMark), &held);
  if (!status.ok()) return status;
  ItemList members;
  held.view().copy(members);
  return members;
}

Lookup<std::string> Sets::srand_member(std::string_view key) {
  const base::Random start = commands::random_for(*keyspace_, key);
  return commands::copy_item<SetType>(*keyspace_, key, use_of(looks_, Use::kMark), [&](const View& view) {
    base::Random random = start;  // it may be drawn twice, and is the same member then
    std::optional<std::string_view> drawn;
    view.random(random, [&](std::string_view member) { drawn = member; });
    return drawn;
  });
}

Status Sets::srand_members(std::string_view key, std::int64_t count, VisitMember visit) {
  commands::UserVisit user("srand_members", visit);
  return user.status(commands::draw<SetType>(*keyspace_, key, use_of(looks_, Use::kMark), count, user));
}

Result<ItemList> Sets::srand_members(std::string_view key, std::int64_t count) {
  if (count < -kDrawnMax) return commands::too_many_drawn();
  ItemList drawn;
  const auto collect = [&](std::string_view member) {
    drawn.push_back(member);
    return true;
  };
  Status status = commands::draw<SetType>(*keyspace_, key, use_of(looks_, Use::kMark), count, collect);
  if (!status.ok()) return status;
  return drawn;
}

Result<MemberPage> Sets::sscan(std::string_view key, std::uint64_t cursor, const ScanOptions& options) {
  MemberPage page;
  std::uint64_t visited = 0;
  const Result<std::uint64_t> next = commands::scan_items<SetType>(
      *keyspace_, key, use_of(looks_, Use::kMark), cursor, options,
      [&](const View& view, std::uint64_t at) {
        return view.walk(at, [&](std::string_view member) {
          ++visited;
          if (options.match.empty() || commands::glob_matches(options.match, member)) page.members.push_back(member);
        });
      },
      [&] { return visited; });
  if (!next.ok()) return next.status();
  page.cursor = *next;
  return page;
}

// --- Reading several --------------------------------------------------------------------------------------------------------

namespace {

// Versions of several sets. Empty ones are of keys that are not there.
class HeldSets {
 public:
  HeldSets(keyspace::Keyspace& keyspace, std::span<const std::string_view> keys) : keyspace_(keyspace), keys_(keys) {}

  Status take(bool looks) {
    if (keys_.empty()) return {ErrorCode::kInvalidArgument, "no keys were given"};
    if (keys_.size() > keyspace::kKeysAtOnceMax)
      return {ErrorCode::kTooManyKeys, "sets of at most 1,024 keys are combined"};
    held_ = std::vector<Held<SetType>>(keys_.size());
    return looks ? look_at_all() : hold_all();
  }
  std::vector<View> views() const {
    std::vector<View> views;
    views.reserve(held_.size());
    for (const Held<SetType>& held : held_) views.push_back(held.view());
    return views;
  }

 private:
  // At one instant.
  Status hold_all() {
    keyspace::MultiKey multi(keyspace_, keys_);
    return multi.run([&](keyspace::MultiKey& all) {
      for (std::size_t i = 0; i < keys_.size(); ++i) {
        held_[i].reset();
        if (const Entry* entry = all.find_as(SetType::kType, i, keyspace::Want::kRead)) held_[i].take(*entry);
      }
      return !all.must_wait();
    });
  }
  // One after the other.
  Status look_at_all() {
    Status status;
    keyspace_.view_many(keys_, Use::kPeek, [&](std::size_t i, const Entry* entry, const Status& one) {
      if (!one.ok()) status = one;
      if (entry == nullptr) return;
      if (entry->type() != SetType::kType) {
        status = keyspace::Keyspace::wrong_type();
      } else {
        held_[i].take(*entry);
      }
    });
    return status;
  }

  keyspace::Keyspace& keyspace_;
  const std::span<const std::string_view> keys_;
  std::vector<Held<SetType>> held_;
};

using Combine = void (*)(const base::KeyHash&, std::span<const View>, commands::ShowMember);

Status combine(keyspace::Keyspace& keyspace, bool looks, std::span<const std::string_view> keys, Combine combine_views,
               commands::ShowMember show) {
  HeldSets sets(keyspace, keys);
  Status status = sets.take(looks);
  if (status.ok()) combine_views(keyspace.environment().hash, sets.views(), show);
  return status;
}

Result<ItemList> collect(keyspace::Keyspace& keyspace, bool looks, std::span<const std::string_view> keys,
                         Combine combine_views) {
  ItemList members;
  Status status = combine(keyspace, looks, keys, combine_views, [&](std::string_view member) {
    members.push_back(member);
    return true;
  });
  if (!status.ok()) return status;
  return members;
}

}  // namespace

Result<ItemList> Sets::sinter(const KeyList& keys) { return collect(*keyspace_, looks_, keys, commands::intersect); }
Status Sets::sinter(const KeyList& keys, VisitMember visit) {
  commands::UserVisit user("sinter", visit);
  return user.status(combine(*keyspace_, looks_, keys, commands::intersect, user));
}

Result<std::uint64_t> Sets::sinter_card(const KeyList& keys, std::uint64_t limit) {
  std::uint64_t count = 0;
  Status status = sinter(keys, [&](std::string_view) { return ++count != limit; });
  if (!status.ok()) return status;
  return count;
}

Result<ItemList> Sets::sunion(const KeyList& keys) { return collect(*keyspace_, looks_, keys, commands::unite); }
Status Sets::sunion(const KeyList& keys, VisitMember visit) {
  commands::UserVisit user("sunion", visit);
  return user.status(combine(*keyspace_, looks_, keys, commands::unite, user));
}

Result<ItemList> Sets::sdiff(const KeyList& keys) { return collect(*keyspace_, looks_, keys, commands::subtract); }
Status Sets::sdiff(const KeyList& keys, VisitMember visit) {
  commands::UserVisit user("sdiff", visit);
  return user.status(combine(*keyspace_, looks_, keys, commands::subtract, user));
}

// --- Writing ----------------------------------------------------------------------------------------------------------------

Result<bool> Sets::sadd(std::string_view key, std::string_view member) {
  const Result<std::uint64_t> added = sadd(key, KeyList({member}));
  if (!added.ok()) return added.status();
  return *added != 0;
}

Result<std::uint64_t> Sets::sadd(std::string_view key, const KeyList& members) {
  if (members.size() == 0) return Status(ErrorCode::kInvalidArgument, "no members were given");
  const keyspace::Environment& environment = keyspace_->environment();
  for (const std::string_view member : members) {
    if (!environment.value_fits(member.size())) return environment.value_too_large(member.size());
  }
  std::uint64_t added = 0;
  const std::uint64_t edits = commands::edits_of(members.size(), bytes_of(members));
  Status status = keyspace::change<SetType>(*keyspace_, key, edits, [&](Draft& draft) -> Status {
    added = 0;
    for (const std::string_view member : members) {
      const Edited edited = draft.add(member);
      if (edited == Edited::kNoMemory) break;
      added += edited == Edited::kDone;
    }
    return {};
  });
  if (!status.ok()) return status;
  return added;
}

Result<bool> Sets::srem(std::string_view key, std::string_view member) {
  const Result<std::uint64_t> removed = srem(key, KeyList({member}));
  if (!removed.ok()) return removed.status();
  return *removed != 0;
}

Result<std::uint64_t> Sets::srem(std::string_view key, const KeyList& members) {
  std::uint64_t removed = 0;
  const std::uint64_t edits = commands::edits_of(members.size(), bytes_of(members));
  Status status = keyspace::change<SetType>(*keyspace_, key, edits, [&](Draft& draft) -> Status {
    removed = 0;
    for (const std::string_view member : members) {
      const Edited edited = draft.erase(member);
      if (edited == Edited::kNoMemory) break;
      removed += edited == Edited::kDone;
    }
    return {};
  });
  if (!status.ok()) return status;
  return removed;
}

namespace {

// Removes members that are drawn. They are chosen and copied where they are removed: under the shard's lock if they are
// few and short, which is tried first, and aside otherwise, by the same random numbers: a member is not less likely for
// being long.
class Popping {
 public:
  Popping(keyspace::Keyspace& keyspace, std::string_view key, std::uint64_t count)
      : keyspace_(keyspace), key_(key), count_(count), start_(commands::random_for(keyspace, key)) {}

  Status run() {
    const std::uint64_t edits = std::min(count_, keyspace::kItemsAHold);
    Status status = keyspace::change<SetType>(keyspace_, key_, edits, [&](Draft& draft) { return pop(draft, false); });
    if (!is_much_) return status;
    return keyspace::change<SetType>(keyspace_, key_, keyspace::kItemsAHold + 1,
                                     [&](Draft& draft) { return pop(draft, true); });
  }
  ItemList& popped() { return popped_; }
  std::string& the_one() { return the_one_; }

 private:
  Status pop(Draft& draft, bool aside) {
    const View view = draft.view();
    is_much_ = !aside && std::min(count_, view.size()) > keyspace::kItemsAHold;
    if (!is_much_) is_much_ = !copy(view, aside ? ~std::uint64_t{0} : commands::kItemBytesAHold);
    if (is_much_) return {ErrorCode::kOutOfRange, "too much under a lock"};  // told to nobody
    if (aside && popped_.size() == view.size()) {
      draft.clear();
      return {};
    }
    for (const std::string_view member : popped_) {
      if (draft.erase(member) == Edited::kNoMemory) break;
    }
    return {};
  }
  bool copy(const View& view, std::uint64_t bytes_max) {
    base::Random random = start_;
    std::uint64_t bytes = 0;
    popped_.clear();
    commands::draw_different(view, count_, random, [&](std::string_view member) {
      bytes += member.size();
      if (bytes > bytes_max) return;
      popped_.push_back(member);
      if (count_ == 1) the_one_ = member;
    });
    const bool all = bytes <= bytes_max;
    if (all) base::count_bytes(bytes);
    return all;
  }

  keyspace::Keyspace& keyspace_;
  const std::string_view key_;
  const std::uint64_t count_;
  const base::Random start_;
  bool is_much_ = false;
  ItemList popped_;
  std::string the_one_;  // if one is wanted: what is answered needs no memory when it is gone from the set
};

}  // namespace

Lookup<std::string> Sets::spop(std::string_view key) {
  Popping popping(*keyspace_, key, 1);
  Status status = popping.run();
  if (!status.ok()) return status;
  if (popping.popped().empty()) return {};
  return std::move(popping.the_one());
}

Result<ItemList> Sets::spop(std::string_view key, std::uint64_t count) {
  if (Status status = commands::check_count(count); !status.ok()) return status;
  Popping popping(*keyspace_, key, count);
  Status status = popping.run();
  if (!status.ok()) return status;
  return std::move(popping.popped());
}

}  // namespace larder
