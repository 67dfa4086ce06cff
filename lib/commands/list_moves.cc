// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// Commands that take from one list of several.
#include <string>

#include "commands/list_edits.h"
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

std::string element_at_end(const ListType::View& list, ListEnd end) {
  return std::string(list.at(end == ListEnd::kLeft ? 0 : list.size() - 1));
}

// Both ends are of one list.
Lookup<std::string> rotate(keyspace::Keyspace& keyspace, std::string_view key, ListEnd from, ListEnd to) {
  std::optional<std::string> element;
  Status status = keyspace::change<ListType>(keyspace, key, 2, [&](Draft& draft) -> Status {
    element.reset();
    if (draft.view().size() == 0) return {};
    element = element_at_end(draft.view(), from);
    if (from == to) return {};
    pop_at(draft, from, 1);
    draft.insert(commands::place_at(to, draft.view().size()), *element);
    return {};
  });
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
  Status status = multi.run([&](MultiKey& both) {
    element.reset();
    const Entry* entry = source.find(Want::kChange);
    if (both.must_wait()) return false;
    if (entry == nullptr) return true;
    target.find(Want::kChange);
    if (both.must_wait() || both.refused()) return false;
    source.need();
    target.need();
    if (!both.has_room() || !source.begin() || !target.begin()) return false;
    element = element_at_end(source.draft().view(), from_end);
    pop_at(source.draft(), from_end, 1);
    target.draft().insert(commands::place_at(to_end, target.draft().view().size()), *element);
    return source.stage() && target.stage();
  });
  if (!status.ok()) return status;
  if (!element) return {};
  return *std::move(element);
}

Lookup<PoppedElements> Lists::lmpop(const KeyList& keys, ListEnd end, std::uint64_t count) {
  const auto pop = [&](Draft& draft, std::uint64_t n) { pop_at(draft, end, n); };
  // What goes is a range of pages, however many elements that are.
  commands::PopFirst<ListType> popping(*keyspace_, count, ~std::uint64_t{0}, pop);
  const std::span<const std::string_view> names = keys;
  if (Status status = popping.run(names); !status.ok()) return status;
  if (!popping.found()) return {};
  PoppedElements popped{std::string(names[*popping.found()]), {}};
  commands::copy_elements(popping.before(), end, 0, popping.popped(), ~std::uint64_t{0}, &popped.elements);
  return popped;
}

}  // namespace larder
