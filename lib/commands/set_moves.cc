// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// Commands that write one set from others.
#include <vector>

#include "commands/collections.h"
#include "commands/move_aside.h"
#include "commands/set_algebra.h"
#include "commands/store_result.h"
#include "larder/sets.h"

namespace larder {

using keyspace::Entry;
using keyspace::Held;
using keyspace::MultiKey;
using keyspace::SetType;
using keyspace::StagedEdit;
using keyspace::Want;
using Draft = SetType::Draft;

Result<bool> Sets::smove(std::string_view from, std::string_view to, std::string_view member) {
  const std::string_view keys[] = {from, to};
  MultiKey multi(*keyspace_, keys);
  StagedEdit<SetType> source(*keyspace_, multi, 0);
  StagedEdit<SetType> target(*keyspace_, multi, 1);
  bool moved = false;
  const auto move = [&](Draft& draft, Draft& target_draft) {
    moved = draft.erase(member) == collections::Edited::kDone;
    if (moved) target_draft.add(member);
  };
  commands::MoveAside<SetType> aside(*keyspace_, multi, move);
  const bool is_long = member.size() > commands::kItemBytesAHold;
  if (is_long && from == to) return sis_member(from, member);
  Status status = multi.run([&](MultiKey& both) {
    const Entry* entry = source.find(Want::kChange);
    if (both.must_wait()) return false;
    if (entry == nullptr) {
      moved = false;
      return true;
    }
    if (!is_long) moved = keyspace::view_of<SetType>(*entry).contains(keyspace_->environment().hash, member);
    const Entry* target_entry = target.find(Want::kChange);  // its type counts in any case
    if (both.must_wait() || both.refused()) return false;
    if (is_long) return aside.step(entry, target_entry);
    if (!moved || from == to) return true;
    if (both.unkept(0) || both.unkept(1)) return aside.step(entry, target_entry);
    source.need();
    target.need();
    if (!both.has_room() || !source.begin() || !target.begin()) return false;
    source.draft().erase(member);
    target.draft().add(member);
    return source.stage() && target.stage();
  });
  if (!status.ok()) return status;
  return moved;
}

namespace {

using Algebra = void (*)(const base::KeyHash&, std::span<const collections::SetView>, commands::ShowMember);

Result<std::uint64_t> store_combined(keyspace::Keyspace& keyspace, std::string_view to, const KeyList& from,
                                     Algebra combine) {
  if (from.size() == 0) return Status(ErrorCode::kInvalidArgument, "no keys were given");
  std::vector<std::string_view> keys{to};
  keys.insert(keys.end(), from.begin(), from.end());
  const auto compute = [&](std::span<const Held<SetType>> sources, Draft& draft) {
    std::vector<collections::SetView> views;
    for (const Held<SetType>& source : sources) views.push_back(source.view());
    combine(keyspace.environment().hash, views,
            [&](std::string_view member) { return draft.add(member) != collections::Edited::kNoMemory; });
  };
  return commands::StoredResult<SetType, Held<SetType>>(keyspace, from.size(), compute).run(keys);
}

}  // namespace

Result<std::uint64_t> Sets::sinter_store(std::string_view to, const KeyList& keys) {
  return store_combined(*keyspace_, to, keys, commands::intersect);
}
Result<std::uint64_t> Sets::sunion_store(std::string_view to, const KeyList& keys) {
  return store_combined(*keyspace_, to, keys, commands::unite);
}
Result<std::uint64_t> Sets::sdiff_store(std::string_view to, const KeyList& keys) {
  return store_combined(*keyspace_, to, keys, commands::subtract);
}

}  // namespace larder
