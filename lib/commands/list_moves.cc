// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// Commands that take from one list of several.
#include <string>

#include "commands/blocking.h"
#include "commands/collections.h"
#include "commands/list_edits.h"
#include "commands/move_aside.h"
#include "commands/pop_first.h"
#include "larder/lists.h"

namespace larder {

using keyspace::Entry;
using keyspace::ListType;
using keyspace::MultiKey;
using keyspace::StagedEdit;
using keyspace::Want;
using Draft = ListType::Draft;

namespace {

void pop_at(Draft& draft, ListEnd end, std::uint64_t n) {
  const commands::ListRange range = commands::elements_at(end, n, draft.view().size());
  draft.erase(range.from, range.to);
}

std::string_view at_end(const ListType::View& list, ListEnd end) noexcept {
  return list.at(end == ListEnd::kLeft ? 0 : list.size() - 1);
}

// Both ends are of one list. A long element is moved with no lock held.
Lookup<std::string> rotate(keyspace::Keyspace& keyspace, std::string_view key, ListEnd from, ListEnd to) {
  std::optional<std::string> element;
  bool is_long = false;
  Status status;
  for (std::uint64_t edits = 2; edits == 2 || (is_long && status.ok()); edits = keyspace::kItemsAHold + 1) {
    status = keyspace::change<ListType>(keyspace, key, edits, [&](Draft& draft) -> Status {
      element.reset();
      is_long = false;
      if (draft.view().size() == 0) return {};
      is_long = edits == 2 && at_end(draft.view(), from).size() > commands::kItemBytesAHold;
      if (is_long) return {};
      if (edits == 2) base::count_bytes(at_end(draft.view(), from).size());
      element.emplace(at_end(draft.view(), from));
      if (from == to) return {};
      pop_at(draft, from, 1);
      draft.insert(commands::place_at(to, draft.view().size()), *element);
      return {};
    });
  }
  if (!status.ok()) return status;
  if (!element) return {};
  return *std::move(element);
}

}  // namespace

Lookup<std::string> Lists::lmove(std::string_view from, std::string_view to, ListEnd from_end, ListEnd to_end) {
  if (from == to) return rotate(*keyspace_, from, from_end, to_end);
  const std::string_view keys[] = {from, to};
  MultiKey multi(*keyspace_, keys);
  StagedEdit<ListType> source(*keyspace_, multi, 0);
  StagedEdit<ListType> target(*keyspace_, multi, 1);
  std::optional<std::string> element;
  const auto move = [&](Draft& draft, Draft& target_draft) {
    element.emplace(at_end(draft.view(), from_end));
    pop_at(draft, from_end, 1);
    target_draft.insert(commands::place_at(to_end, target_draft.view().size()), *element);
  };
  commands::MoveAside<ListType> aside(*keyspace_, multi, move);
  Status status = multi.run([&](MultiKey& both) {
    const Entry* entry = source.find(Want::kChange);
    if (both.must_wait()) return false;
    if (entry == nullptr) {
      element.reset();
      return true;
    }
    const Entry* target_entry = target.find(Want::kChange);
    if (both.must_wait() || both.refused()) return false;
    const std::size_t bytes = at_end(keyspace::view_of<ListType>(*entry), from_end).size();
    const bool is_unkept = both.unkept(0) || both.unkept(1);
    if (bytes > commands::kItemBytesAHold || is_unkept) return aside.step(entry, target_entry);
    source.need();
    target.need();
    if (!both.has_room() || !source.begin() || !target.begin()) return false;
    base::count_bytes(bytes);
    move(source.draft(), target.draft());
    return source.stage() && target.stage();
  });
  if (!status.ok()) return status;
  if (!element) return {};
  return *std::move(element);
}

namespace {

template <typename Popped, typename Keep>
Lookup<Popped> pop_first(keyspace::Keyspace& keyspace, std::span<const std::string_view> keys, ListEnd end,
                         std::uint64_t count, Keep&& keep) {
  const auto pop = [&](Draft& draft, std::uint64_t n) { pop_at(draft, end, n); };
  // What goes is a range of pages, however many elements that are.
  return commands::pop_first<ListType, Popped>(keyspace, keys, count, keep, pop, true);
}

}  // namespace

Lookup<PoppedElements> Lists::lmpop(const KeyList& keys, ListEnd end, std::uint64_t count) {
  const auto keep = [end](PoppedElements& popped, const ListType::View& before, std::uint64_t n,
                          std::uint64_t bytes_max) {
    popped.elements.clear();
    return before.copy(0, n, end == ListEnd::kRight, bytes_max, popped.elements);
  };
  return pop_first<PoppedElements>(*keyspace_, keys, end, count, keep);
}

// --- Waiting for one ----------------------------------------------------------------------------------------------------

Lookup<PoppedElements> Lists::blmpop(const KeyList& keys, ListEnd end, std::uint64_t count,
                                     const BlockOptions& options) {
  return commands::pop_or_wait(*keyspace_, keyspace::WaitsFor::kList, keys, options,
                               [&](std::string_view key) { return lmpop(KeyList({key}), end, count); });
}

namespace {

Lookup<PoppedElement> pop_one(keyspace::Keyspace& keyspace, const KeyList& keys, ListEnd end,
                              const BlockOptions& options) {
  const auto keep = [end](PoppedElement& popped, const ListType::View& before, std::uint64_t, std::uint64_t bytes_max) {
    const std::string_view element = at_end(before, end);
    if (element.size() > bytes_max) return false;
    base::count_bytes(element.size());
    popped.element = element;
    return true;
  };
  return commands::pop_or_wait(keyspace, keyspace::WaitsFor::kList, keys, options, [&](std::string_view key) {
    return pop_first<PoppedElement>(keyspace, {&key, 1}, end, 1, keep);
  });
}

}  // namespace

Lookup<PoppedElement> Lists::blpop(const KeyList& keys, const BlockOptions& options) {
  return pop_one(*keyspace_, keys, ListEnd::kLeft, options);
}
Lookup<PoppedElement> Lists::brpop(const KeyList& keys, const BlockOptions& options) {
  return pop_one(*keyspace_, keys, ListEnd::kRight, options);
}

Lookup<std::string> Lists::blmove(std::string_view from, std::string_view to, ListEnd from_end, ListEnd to_end,
                                  const BlockOptions& options) {
  bool to_is_wrong = false;
  const auto move = [&](std::string_view) {
    Lookup<std::string> moved = lmove(from, to, from_end, to_end);
    // Another type of the source is to be passed by; that of the target is the answer.
    to_is_wrong = moved.status().code() == ErrorCode::kWrongType && llen(from).ok();
    return to_is_wrong ? Lookup<std::string>(std::string()) : std::move(moved);
  };
  Lookup<std::string> moved = commands::pop_or_wait(*keyspace_, keyspace::WaitsFor::kList, {&from, 1}, options, move);
  return to_is_wrong ? keyspace::Keyspace::wrong_type() : std::move(moved);
}

}  // namespace larder
