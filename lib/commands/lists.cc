// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// Commands on lists.
#include "larder/lists.h"

#include <algorithm>
#include <limits>
#include <span>

#include "commands/collections.h"
#include "commands/list_edits.h"

namespace larder {

using collections::Edited;
using commands::each_equal;
using commands::element_at;
using commands::kNoLimit;
using commands::ListEnd;
using commands::ListRange;
using commands::range_of;
using keyspace::Held;
using keyspace::ListType;
using keyspace::Use;
using keyspace::use_of;
using Draft = ListType::Draft;
using View = ListType::View;

// --- Snapshots --------------------------------------------------------------------------------------------------------------

struct ListSnapshot::Body {
  Held<ListType> held;
};

ListSnapshot::ListSnapshot(std::unique_ptr<Body> body) noexcept : body_(std::move(body)) {}
ListSnapshot::ListSnapshot(ListSnapshot&&) noexcept = default;
ListSnapshot& ListSnapshot::operator=(ListSnapshot&&) noexcept = default;
ListSnapshot::~ListSnapshot() = default;

std::uint64_t ListSnapshot::size() const noexcept { return body_->held.view().size(); }

std::optional<std::string_view> ListSnapshot::get(std::int64_t index) const noexcept {
  const View view = body_->held.view();
  const std::optional<std::uint64_t> number = element_at(index, view.size());
  if (!number) return std::nullopt;
  return view.at(*number);
}

void ListSnapshot::for_each(FunctionRef<bool(std::string_view)> visit) const { for_each(0, -1, visit); }

void ListSnapshot::for_each(std::int64_t first, std::int64_t last, FunctionRef<bool(std::string_view)> visit) const {
  const View view = body_->held.view();
  const ListRange range = range_of(first, last, view.size());
  view.range(range.from, range.size(), false, visit);
}

std::uint64_t ListSnapshot::count(std::int64_t first, std::int64_t last) const noexcept {
  return range_of(first, last, size()).size();
}

Lookup<ListSnapshot> Lists::lsnapshot(std::string_view key) {
  auto body = std::make_unique<ListSnapshot::Body>();
  Status status = keyspace::hold(*keyspace_, key, use_of(looks_, Use::kMark), &body->held);
  if (!status.ok()) return status;
  if (!body->held) return {};
  return ListSnapshot(std::move(body));
}

// --- Reading ----------------------------------------------------------------------------------------------------------------

Result<std::uint64_t> Lists::llen(std::string_view key) {
  std::uint64_t size = 0;
  Status status = keyspace::read<ListType>(*keyspace_, key, use_of(looks_, Use::kMark),
                                           [&](const View& view) { size = view.size(); });
  if (!status.ok()) return status;
  return size;
}

Lookup<std::string> Lists::lindex(std::string_view key, std::int64_t index) {
  return commands::copy_item<ListType>(*keyspace_, key, use_of(looks_, Use::kMark),
                                       [&](const View& view) -> std::optional<std::string_view> {
                                         const auto number = element_at(index, view.size());
                                         if (!number) return std::nullopt;
                                         return view.at(*number);
                                       });
}

Result<ItemList> Lists::lrange(std::string_view key, std::int64_t first, std::int64_t last) {
  ItemList elements;
  const auto copy = [&](const View& view, std::uint64_t count_max, std::uint64_t bytes_max) {
    const ListRange range = range_of(first, last, view.size());
    return range.size() <= count_max && view.copy(range.from, range.size(), false, bytes_max, elements);
  };
  Held<ListType> held;  // where that is too much for a hold of the lock
  Status status =
      keyspace_->view_as(ListType::kType, key, use_of(looks_, Use::kMark), [&](const keyspace::Entry* entry) {
        if (entry == nullptr) return;
        const View view = keyspace::view_of<ListType>(*entry);
        if (!copy(view, keyspace::kItemsAHold, commands::kItemBytesAHold)) held.take(*entry);
      });
  if (!status.ok()) return status;
  if (held) {
    elements.clear();
    copy(held.view(), kNoLimit, kNoLimit);
  }
  return elements;
}

namespace {

// Calls found(index) for the elements that LPOS is asked for, from the one of the rank on, until it answers false.
template <typename Found>
void search(const View& view, std::string_view element, const LposOptions& options, Found&& found) {
  const ListEnd end = options.rank < 0 ? ListEnd::kRight : ListEnd::kLeft;
  std::int64_t before = (options.rank < 0 ? -options.rank : options.rank) - 1;
  const std::uint64_t size = view.size();
  const std::uint64_t to = options.compared_max == 0 ? size : std::min(size, options.compared_max);
  each_equal(view, end, 0, to, element, [&](std::uint64_t number) {
    if (before-- > 0) return true;
    return found(end == ListEnd::kLeft ? number : size - 1 - number);
  });
}

Status wrong_rank(std::int64_t rank) {
  if (rank == 0) {
    return {ErrorCode::kInvalidArgument,
            "RANK can't be zero: use 1 to start from the first match, 2 from the second ... "
            "or use negative to start from the end of the list"};
  }
  if (rank == std::numeric_limits<std::int64_t>::min()) {
    return {ErrorCode::kOutOfRange,
            "value is out of range, value must between -9223372036854775807 and 9223372036854775807"};
  }
  return {};
}

}  // namespace

Lookup<std::uint64_t> Lists::lpos(std::string_view key, std::string_view element, const LposOptions& options) {
  const auto found = lpos_all(key, element, 1, options);
  if (!found.ok()) return found.status();
  if (found->empty()) return {};
  return found->front();
}

Result<std::vector<std::uint64_t>> Lists::lpos_all(std::string_view key, std::string_view element, std::uint64_t count,
                                                   const LposOptions& options) {
  if (Status status = wrong_rank(options.rank); !status.ok()) return status;
  Held<ListType> held;
  Status status = keyspace::hold(*keyspace_, key, use_of(looks_, Use::kMark), &held);
  if (!status.ok()) return status;
  std::vector<std::uint64_t> indices;
  search(held.view(), element, options, [&](std::uint64_t index) {
    indices.push_back(index);
    return indices.size() != count;
  });
  return indices;
}

// --- Writing ----------------------------------------------------------------------------------------------------------------

namespace {

// Of an edit whose work depends on what the list is. edit(draft, edits) does so many edits at most, and answers 0; or
// it does nothing, and answers how many it needs.
template <typename Edit>
Status edit_list(keyspace::Keyspace& keyspace, std::string_view key, std::uint64_t edits, Edit&& edit) {
  for (std::uint64_t needed = edits;; edits = needed) {
    const auto work = [&](Draft& draft) -> Status {
      needed = edit(draft, edits);
      return {};
    };
    Status status = keyspace::change<ListType>(keyspace, key, edits, work);
    if (!status.ok() || needed == 0) return status;
  }
}

// Work that is done with no lock held, which has no bounds.
constexpr std::uint64_t kAside = keyspace::kItemsAHold + 1;

// Whether a list may be searched under a shard's lock, for an element of so many bytes.
bool may_search(const View& view, std::uint64_t bytes, std::uint64_t edits) noexcept {
  const std::uint64_t size = view.size();
  return edits >= kAside || view.small() ||
         (size <= keyspace::kItemsAHold && size * bytes <= commands::kItemBytesAHold);
}

// How many edits it takes to erase elements. One may be erased where it is; for a few there is another version, and
// the first is freed after the lock; of many that is too much work under the lock already. A small list is a copy.
std::uint64_t edits_to_erase(const View& view, std::uint64_t count) noexcept {
  if (view.small() || count <= 1) return 1;
  return count <= keyspace::kItemsAHold ? 2 : kAside;
}

Result<std::uint64_t> push(keyspace::Keyspace& keyspace, std::string_view key, ListEnd end,
                           std::span<const std::string_view> elements, bool if_there) {
  if (elements.empty()) return Status(ErrorCode::kInvalidArgument, "no elements were given");
  std::uint64_t bytes = 0;
  for (const std::string_view element : elements) {
    if (!keyspace.environment().value_fits(element.size()))
      return keyspace.environment().value_too_large(element.size());
    bytes += element.size();
  }
  std::uint64_t size = 0;
  const auto work = [&](Draft& draft) -> Status {
    size = draft.view().size();
    if (if_there && size == 0) return {};
    for (const std::string_view element : elements) {
      if (draft.insert(commands::place_at(end, size), element) == Edited::kNoMemory) break;
      ++size;
    }
    return {};
  };
  Status status = keyspace::change<ListType>(keyspace, key, commands::edits_of(elements.size(), bytes), work);
  if (!status.ok()) return status;
  return size;
}

Result<std::uint64_t> push(keyspace::Keyspace& keyspace, std::string_view key, ListEnd end, std::string_view element,
                           bool if_there) {
  return push(keyspace, key, end, std::span(&element, 1), if_there);
}

Lookup<std::string> pop(keyspace::Keyspace& keyspace, std::string_view key, ListEnd end) {
  std::optional<std::string> popped;
  Status status = edit_list(keyspace, key, 1, [&](Draft& draft, std::uint64_t edits) -> std::uint64_t {
    popped.reset();
    const View view = draft.view();
    if (view.size() == 0) return 0;
    const ListRange goes = commands::elements_at(end, 1, view.size());
    const std::string_view element = view.at(goes.from);
    if (element.size() > commands::kItemBytesAHold && edits < kAside) return kAside;
    base::count_bytes(element.size());
    popped.emplace(element);
    draft.erase(goes.from, goes.to);
    return 0;
  });
  if (!status.ok()) return status;
  if (!popped) return {};
  return *std::move(popped);
}

Lookup<ItemList> pop(keyspace::Keyspace& keyspace, std::string_view key, ListEnd end, std::uint64_t count) {
  if (Status status = commands::check_count(count); !status.ok()) return status;
  ItemList popped;
  bool there = false;
  Status status = edit_list(keyspace, key, count <= 1 ? 1 : 2, [&](Draft& draft, std::uint64_t edits) -> std::uint64_t {
    popped.clear();
    const std::uint64_t size = draft.view().size();
    there = size != 0;
    const std::uint64_t goes = std::min(count, size);
    if (goes == 0) return 0;
    if (edits < kAside) {
      const std::uint64_t needed = goes > keyspace::kItemsAHold ? kAside : edits_to_erase(draft.view(), goes);
      if (needed > edits) return needed;
    }
    const std::uint64_t bytes_max = edits < kAside ? commands::kItemBytesAHold : kNoLimit;
    if (!draft.view().copy(0, goes, end == ListEnd::kRight, bytes_max, popped)) return kAside;
    const ListRange range = commands::elements_at(end, goes, size);
    draft.erase(range.from, range.to);
    return 0;
  });
  if (!status.ok()) return status;
  if (!there) return {};
  return popped;
}

}  // namespace

Result<std::uint64_t> Lists::lpush(std::string_view key, const KeyList& elements) {
  return push(*keyspace_, key, ListEnd::kLeft, elements, false);
}
Result<std::uint64_t> Lists::rpush(std::string_view key, const KeyList& elements) {
  return push(*keyspace_, key, ListEnd::kRight, elements, false);
}
Result<std::uint64_t> Lists::lpush(std::string_view key, std::string_view element) {
  return push(*keyspace_, key, ListEnd::kLeft, element, false);
}
Result<std::uint64_t> Lists::rpush(std::string_view key, std::string_view element) {
  return push(*keyspace_, key, ListEnd::kRight, element, false);
}
Result<std::uint64_t> Lists::lpush_x(std::string_view key, const KeyList& elements) {
  return push(*keyspace_, key, ListEnd::kLeft, elements, true);
}
Result<std::uint64_t> Lists::rpush_x(std::string_view key, const KeyList& elements) {
  return push(*keyspace_, key, ListEnd::kRight, elements, true);
}
Result<std::uint64_t> Lists::lpush_x(std::string_view key, std::string_view element) {
  return push(*keyspace_, key, ListEnd::kLeft, element, true);
}
Result<std::uint64_t> Lists::rpush_x(std::string_view key, std::string_view element) {
  return push(*keyspace_, key, ListEnd::kRight, element, true);
}

Lookup<std::string> Lists::lpop(std::string_view key) { return pop(*keyspace_, key, ListEnd::kLeft); }
Lookup<std::string> Lists::rpop(std::string_view key) { return pop(*keyspace_, key, ListEnd::kRight); }
Lookup<ItemList> Lists::lpop(std::string_view key, std::uint64_t count) {
  return pop(*keyspace_, key, ListEnd::kLeft, count);
}
Lookup<ItemList> Lists::rpop(std::string_view key, std::uint64_t count) {
  return pop(*keyspace_, key, ListEnd::kRight, count);
}

Status Lists::lset(std::string_view key, std::int64_t index, std::string_view element) {
  const keyspace::Environment& environment = keyspace_->environment();
  if (!environment.value_fits(element.size())) return environment.value_too_large(element.size());
  const auto work = [&](Draft& draft) -> Status {
    const std::uint64_t size = draft.view().size();
    if (size == 0) return {ErrorCode::kNoSuchKey, "no such key"};
    const std::optional<std::uint64_t> number = element_at(index, size);
    if (!number) return {ErrorCode::kOutOfRange, "index out of range"};
    draft.set(*number, element);
    return {};
  };
  return keyspace::change<ListType>(*keyspace_, key, commands::edits_of(1, element.size()), work);
}

Result<std::int64_t> Lists::linsert(std::string_view key, ListPlace place, std::string_view pivot,
                                    std::string_view element) {
  const keyspace::Environment& environment = keyspace_->environment();
  if (!environment.value_fits(element.size())) return environment.value_too_large(element.size());
  std::int64_t size = 0;
  const auto edit = [&](Draft& draft, std::uint64_t edits) -> std::uint64_t {
    const View view = draft.view();
    if (!may_search(view, pivot.size(), edits)) return kAside;
    std::optional<std::uint64_t> number;
    each_equal(view, ListEnd::kLeft, 0, view.size(), pivot, [&](std::uint64_t found) {
      number = found;
      return false;
    });
    size = static_cast<std::int64_t>(view.size());
    if (!number) {
      if (size != 0) size = -1;
      return 0;
    }
    draft.insert(place == ListPlace::kBefore ? *number : *number + 1, element);
    ++size;
    return 0;
  };
  Status status = edit_list(*keyspace_, key, commands::edits_of(1, element.size()), edit);
  if (!status.ok()) return status;
  return size;
}

Result<std::uint64_t> Lists::lrem(std::string_view key, std::int64_t count, std::string_view element) {
  constexpr unsigned kRunsAHold = 16;
  const std::uint64_t most = count < 0 ? 0 - static_cast<std::uint64_t>(count) : static_cast<std::uint64_t>(count);
  commands::EqualElements equal(element, count < 0 ? ListEnd::kRight : ListEnd::kLeft, count == 0 ? kNoLimit : most);
  std::uint64_t removed = 0;
  const auto edit = [&](Draft& draft, std::uint64_t edits) -> std::uint64_t {
    removed = 0;
    if (!may_search(draft.view(), element.size(), edits)) return kAside;
    const std::optional<std::uint64_t> gone = equal.remove(draft, edits < kAside ? kRunsAHold : 0);
    if (!gone) return kAside;
    removed = *gone;
    return 0;
  };
  Status status = edit_list(*keyspace_, key, most == 1 ? 1 : kRunsAHold, edit);
  if (!status.ok()) return status;
  return removed;
}

Status Lists::ltrim(std::string_view key, std::int64_t first, std::int64_t last) {
  return edit_list(*keyspace_, key, 1, [&](Draft& draft, std::uint64_t edits) -> std::uint64_t {
    const View view = draft.view();
    const std::uint64_t size = view.size();
    const ListRange stays = range_of(first, last, size);
    const std::uint64_t needed = edits_to_erase(view, size - stays.size());
    if (needed > edits) return needed;
    if (draft.erase(stays.to, size) != Edited::kNoMemory) draft.erase(0, stays.from);
    return 0;
  });
}

}  // namespace larder
