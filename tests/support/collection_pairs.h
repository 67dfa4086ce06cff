// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A collection, and the same items in a plain container. Edits are chosen, by a random generator or by the bytes of a
// fuzzer, and done to both; `compare` answers with what differs, and with nothing if nothing does.
//
// Each pair has
//   Edit choose(Choices&, const Habits&)                 an edit that can be done any number of times
//   Edited apply(const Edit&, Account&, PageMemory&)     done to the container only if it was done to the collection
//   std::string compare() const                          all that can be asked
//   Pair share() const, void release(PageMemory&)        another version, and its end
//
// Thread safety: none; versions may be used by different threads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/key_hash.h"
#include "collections/table.h"
#include "collections/tree.h"
#include "model/choices.h"
#include "support/page_source.h"

namespace larder::support {

using collections::Edited;
using collections::PageMemory;
using collections::Placed;

enum class Spot : std::uint8_t { kAnywhere, kFront, kMiddle, kEnd };

struct Habits {
  std::uint64_t universe = 1'000;   // of names and scores
  std::uint64_t inserts_of_16 = 8;  // the others erase or replace
  std::uint64_t ranges_of_16 = 0;   // of those
  Spot spot = Spot::kAnywhere;
  bool blobs = true;
};

// For messages: without what is no text, and no longer than a line.
inline std::string printed(std::string_view name) {
  std::string text = "\"";
  for (const char byte : name.substr(0, 40)) {
    const bool is_text = byte >= ' ' && byte <= '~';
    text += is_text ? std::string(1, byte) : "\\" + std::to_string(static_cast<unsigned char>(byte));
  }
  return text + "\"" + (name.size() > 40 ? " of " + std::to_string(name.size()) + " bytes" : "");
}

struct Edit {
  enum class Kind : std::uint8_t { kInsert, kReplace, kErase, kEraseRank, kEraseRange };
  Kind kind = Kind::kInsert;
  double score = 0;
  std::string name;
  std::string item;
  std::uint64_t from = 0;
  std::uint64_t to = 0;

  bool erases_range() const { return kind == Kind::kEraseRange; }
  std::string text() const {
    static constexpr const char* kVerbs[] = {"insert", "replace", "erase", "erase rank", "erase range"};
    return std::string(kVerbs[static_cast<int>(kind)]) + " score " + std::to_string(score) + " name " + printed(name) +
           " item of " + std::to_string(item.size()) + " bytes, from " + std::to_string(from) + " to " +
           std::to_string(to);
  }
};

// --- What edits are made of ---------------------------------------------------------------------------------------------

inline std::string repeated(char byte, std::uint64_t times) { return std::string(times, byte); }

// Empty, short, binary, prefixes of each other, the same in the first eight bytes, at the edges of what fits.
inline std::string some_name(model::Choices& choices, const Habits& habits) {
  static constexpr std::uint64_t kSizes[] = {253, 254, 255, 256, 257, 300, 1'000};
  switch (choices.below(16)) {
    case 0: return repeated('a', choices.below(18));
    case 1: {
      static constexpr char kBytes[] = {'\0', '\1', '\x7f', '\x80', '\xff'};
      std::string name = repeated('a', choices.below(10));
      for (char& byte : name) byte = kBytes[choices.below(sizeof kBytes)];
      return name;
    }
    case 2: return repeated('p', habits.blobs ? kSizes[choices.below(7)] : 256);
    case 3: {
      const std::string number = std::to_string(choices.below(habits.universe));
      return repeated('q', (habits.blobs ? kSizes[choices.below(7)] : 200) - number.size()) + number;
    }
    case 4:
    case 5:
    case 6:
    case 7: return "common prefix " + std::to_string(choices.below(habits.universe));
    default: return std::to_string(choices.below(habits.universe));
  }
}

inline double some_score(model::Choices& choices, const Habits& habits) {
  using Limits = std::numeric_limits<double>;
  static constexpr double kScores[] = {0.0,
                                       -0.0,
                                       1,
                                       -1,
                                       1.5,
                                       Limits::infinity(),
                                       -Limits::infinity(),
                                       Limits::denorm_min(),
                                       Limits::max(),
                                       Limits::lowest()};
  if (choices.one_in(2)) return kScores[choices.below(std::size(kScores))];
  return static_cast<double>(choices.below(habits.universe)) - static_cast<double>(habits.universe / 2);
}

// Below `count`. REQUIRES: count > 0.
inline std::uint64_t some_rank(model::Choices& choices, const Habits& habits, std::uint64_t count) {
  switch (habits.spot) {
    case Spot::kFront: return 0;
    case Spot::kMiddle: return count / 2;
    case Spot::kEnd: return count - 1;
    default: return choices.below(count);
  }
}

// At all kinds of bounds, the end and what is behind it among them.
inline void choose_range(model::Choices& choices, std::uint64_t size, Edit& edit) {
  edit.kind = Edit::Kind::kEraseRange;
  edit.from = choices.one_in(4) ? 0 : choices.below(size + 2);
  const std::uint64_t length = choices.below(size / (1 + choices.below(8)) + 2);
  edit.to = choices.one_in(8) ? size + choices.below(2) : edit.from + length;
  if (choices.one_in(16)) std::swap(edit.from, edit.to);
}

// put(bytes, is_blob) gives a place; the item is written there, or the address of its blob.
template <typename Put>
Edited put_item(memory::Account& account, std::string_view item, const Put& put) {
  if (item.size() <= collections::kItemBytesMax) {
    const Placed placed = put(item.size(), false);
    if (placed.bytes != nullptr && !item.empty()) std::memcpy(placed.bytes, item.data(), item.size());
    return placed.edited;
  }
  Blob* blob = make_blob(account, item);
  if (blob == nullptr) return Edited::kNoMemory;
  const Placed placed = put(sizeof blob, true);
  if (placed.bytes == nullptr) {
    blob->release();
  } else {
    std::memcpy(placed.bytes, &blob, sizeof blob);
  }
  return placed.edited;
}

// --- Members by score ---------------------------------------------------------------------------------------------------

class SortedPair {
 public:
  using Tree = collections::Tree<collections::ByScore>;
  using Items = std::vector<std::pair<double, std::string>>;

  const Tree& tree() const { return tree_; }
  const Items& items() const { return items_; }

  Edit choose(model::Choices& choices, const Habits& habits);
  Edited apply(const Edit& edit, memory::Account& account, PageMemory& memory);
  std::string compare() const;
  SortedPair share() const {
    SortedPair other(*this);
    other.tree_ = tree_.share();
    return other;
  }
  void release(PageMemory& memory) {
    tree_.release(memory);
    items_.clear();
  }
  std::int64_t charge(const memory::Account& account) const { return tree_.charge(account); }

 private:
  std::uint64_t place_of(double score, std::string_view name) const {
    const auto before = [](const auto& item, const auto& wanted) {
      return item.first != wanted.first ? item.first < wanted.first : item.second < wanted.second;
    };
    const auto found = std::lower_bound(items_.begin(), items_.end(), std::pair(score, name), before);
    return static_cast<std::uint64_t>(found - items_.begin());
  }
  bool has(std::uint64_t at, double score, std::string_view name) const {
    return at < items_.size() && items_[at].first == score && items_[at].second == name;
  }
  std::string compare_walks() const;
  std::string compare_seeks() const;
  std::string compare_seek(double score, const std::string& name) const;

  Tree tree_;
  Items items_;
  std::uint64_t serial_ = 0;
  std::string wrong_;
};

inline Edit SortedPair::choose(model::Choices& choices, const Habits& habits) {
  Edit edit;
  edit.name = some_name(choices, habits);
  edit.score = some_score(choices, habits);
  ++serial_;
  const auto serial = static_cast<double>(serial_);
  if (habits.spot == Spot::kFront) edit.score = -serial;
  if (habits.spot == Spot::kEnd) edit.score = serial;
  if (habits.spot == Spot::kMiddle) edit.score = (serial_ % 2 == 0 ? 1 : -1) / serial;
  if (choices.below(16) < habits.inserts_of_16) return edit;
  if (choices.below(16) < habits.ranges_of_16) {
    choose_range(choices, items_.size(), edit);
    return edit;
  }
  edit.kind = choices.one_in(2) ? Edit::Kind::kErase : Edit::Kind::kEraseRank;
  if (items_.empty() || choices.one_in(16)) return edit;  // of what most likely is not there
  edit.from = some_rank(choices, habits, items_.size());
  std::tie(edit.score, edit.name) = items_[edit.from];
  return edit;
}

inline Edited SortedPair::apply(const Edit& edit, memory::Account& account, PageMemory& memory) {
  const std::uint64_t at = edit.kind == Edit::Kind::kEraseRank ? edit.from : place_of(edit.score, edit.name);
  const auto place = items_.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(at, items_.size()));
  bool changes = at < items_.size();
  Edited edited = Edited::kNothing;
  switch (edit.kind) {
    case Edit::Kind::kInsert:
      changes = !has(at, edit.score, edit.name);
      edited = put_item(account, edit.name, [&](std::size_t bytes, bool is_blob) {
        return tree_.insert(memory, Tree::Name{edit.score, edit.name}, edit.score, bytes, is_blob);
      });
      if (edited == Edited::kDone && changes) items_.emplace(place, edit.score, edit.name);
      break;
    case Edit::Kind::kErase:
      changes = has(at, edit.score, edit.name);
      edited = tree_.erase(memory, Tree::Name{edit.score, edit.name});
      if (edited == Edited::kDone && changes) items_.erase(place);
      break;
    case Edit::Kind::kEraseRank:
      edited = tree_.erase(memory, Tree::Rank{edit.from});
      if (edited == Edited::kDone && changes) items_.erase(place);
      break;
    default: {
      const std::uint64_t to = std::min<std::uint64_t>(edit.to, items_.size());
      changes = edit.from < to;
      edited = tree_.erase_range(memory, edit.from, edit.to);
      if (edited == Edited::kDone && changes) {
        items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(edit.from),
                     items_.begin() + static_cast<std::ptrdiff_t>(to));
      }
    }
  }
  if (edited != Edited::kNoMemory && (edited == Edited::kDone) != changes) wrong_ = "wrong answer: " + edit.text();
  return edited;
}

inline std::string SortedPair::compare() const {
  if (!wrong_.empty()) return wrong_;
  if (const char* wrong = tree_.check()) return wrong;
  if (tree_.size() != items_.size()) {
    return std::to_string(tree_.size()) + " items instead of " + std::to_string(items_.size());
  }
  if (tree_.empty() != items_.empty()) return "empty() is wrong";
  std::string wrong = compare_walks();
  return wrong.empty() ? compare_seeks() : wrong;
}

inline std::string SortedPair::compare_walks() const {
  const std::uint64_t more = items_.size() + 1;  // than there are
  std::uint64_t at = 0;
  std::string wrong;
  tree_.range(0, more, false, [&](std::string_view item, double score) {
    if (!has(at++, score, item)) wrong = "walking on, another item at " + std::to_string(at - 1);
    return wrong.empty();
  });
  if (wrong.empty() && at != items_.size()) wrong = "walking on ends at " + std::to_string(at);
  if (at == 0 || !wrong.empty()) return wrong;
  tree_.range(at - 1, more, true, [&](std::string_view item, double score) {
    if (!has(--at, score, item)) wrong = "walking back, another item at " + std::to_string(at);
    return wrong.empty();
  });
  return at == 0 || !wrong.empty() ? wrong : "walking back ends at " + std::to_string(at);
}

// What comes at each rank, and of each item; and just before and behind some.
inline std::string SortedPair::compare_seeks() const {
  const std::uint64_t stride = 1 + items_.size() / 100;
  for (std::uint64_t at = 0; at < items_.size(); ++at) {
    const auto& [score, name] = items_[at];
    const auto cursor = tree_.seek(Tree::Rank{at});
    if (!cursor || !has(at, cursor.key(), cursor.item())) return "another item at rank " + std::to_string(at);
    if (tree_.rank({score, name}) != at) return "wrong rank of " + std::to_string(score) + " " + printed(name);
    if (at % stride != serial_ % stride) continue;
    for (const std::string& near : {name, name + '\0', name.substr(0, name.size() / 2), std::string()}) {
      if (std::string wrong = compare_seek(score, near); !wrong.empty()) return wrong;
    }
    if (std::string wrong = compare_seek(score - 0.25, name); !wrong.empty()) return wrong;
  }
  if (tree_.seek(Tree::Rank{items_.size()})) return "an item behind all others";
  return compare_seek(std::numeric_limits<double>::infinity(), "zzz");
}

inline std::string SortedPair::compare_seek(double score, const std::string& name) const {
  const std::uint64_t at = place_of(score, name);
  if (tree_.rank({score, name}) == at) return "";
  return "wrong rank: " + std::to_string(score) + " " + printed(name);
}

// --- A sequence ---------------------------------------------------------------------------------------------------------

class SequencePair {
 public:
  using Tree = collections::Tree<collections::Sequence>;
  using Items = std::vector<std::string>;

  const Tree& tree() const { return tree_; }
  const Items& items() const { return items_; }

  Edit choose(model::Choices& choices, const Habits& habits);
  Edited apply(const Edit& edit, memory::Account& account, PageMemory& memory);
  std::string compare() const;
  SequencePair share() const {
    SequencePair other(*this);
    other.tree_ = tree_.share();
    return other;
  }
  void release(PageMemory& memory) {
    tree_.release(memory);
    items_.clear();
  }
  std::int64_t charge(const memory::Account& account) const { return tree_.charge(account); }

 private:
  auto place(std::uint64_t at) {
    return items_.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(at, items_.size()));
  }

  Tree tree_;
  Items items_;
  std::string wrong_;
};

inline Edit SequencePair::choose(model::Choices& choices, const Habits& habits) {
  Edit edit;
  edit.item = some_name(choices, habits);
  edit.from = some_rank(choices, habits, items_.size() + 1);
  if (choices.below(16) < habits.inserts_of_16) return edit;
  if (choices.below(16) < habits.ranges_of_16) {
    choose_range(choices, items_.size(), edit);
    return edit;
  }
  edit.kind = choices.one_in(3) ? Edit::Kind::kReplace : Edit::Kind::kEraseRank;
  if (!items_.empty() && !choices.one_in(16)) edit.from = some_rank(choices, habits, items_.size());
  return edit;
}

inline Edited SequencePair::apply(const Edit& edit, memory::Account& account, PageMemory& memory) {
  bool changes = edit.from < items_.size();
  Edited edited = Edited::kNothing;
  switch (edit.kind) {
    case Edit::Kind::kInsert:
      changes = true;
      edited = put_item(account, edit.item, [&](std::size_t bytes, bool is_blob) {
        return tree_.insert(memory, Tree::Rank{edit.from}, {}, bytes, is_blob);
      });
      if (edited == Edited::kDone) items_.insert(place(edit.from), edit.item);
      break;
    case Edit::Kind::kReplace:
      edited = put_item(account, edit.item, [&](std::size_t bytes, bool is_blob) {
        return tree_.replace(memory, Tree::Rank{edit.from}, bytes, is_blob);
      });
      if (edited == Edited::kDone && changes) items_[edit.from] = edit.item;
      break;
    case Edit::Kind::kEraseRange:
      changes = edit.from < std::min<std::uint64_t>(edit.to, items_.size());
      edited = tree_.erase_range(memory, edit.from, edit.to);
      if (edited == Edited::kDone && changes) items_.erase(place(edit.from), place(edit.to));
      break;
    default:
      edited = tree_.erase(memory, Tree::Rank{edit.from});
      if (edited == Edited::kDone && changes) items_.erase(place(edit.from));
  }
  if (edited != Edited::kNoMemory && (edited == Edited::kDone) != changes) wrong_ = "wrong answer: " + edit.text();
  return edited;
}

inline std::string SequencePair::compare() const {
  if (!wrong_.empty()) return wrong_;
  if (const char* wrong = tree_.check()) return wrong;
  if (tree_.size() != items_.size()) {
    return std::to_string(tree_.size()) + " items instead of " + std::to_string(items_.size());
  }
  if (tree_.empty() != items_.empty()) return "empty() is wrong";
  const std::uint64_t size = items_.size();
  for (const bool backwards : {false, true}) {
    std::uint64_t walked = 0;
    const std::uint64_t first = backwards && size > 0 ? size - 1 : 0;
    tree_.range(first, size + 1, backwards, [&](std::string_view item, collections::Sequence::Key) {
      return walked < size && item == items_[backwards ? size - 1 - walked : walked] && ++walked > 0;
    });
    if (walked != size)
      return std::string(backwards ? "walking back" : "walking on") + ", another item at " + std::to_string(walked);
  }
  for (std::uint64_t at = 0; at < size; ++at) {
    if (tree_.seek(Tree::Rank{at}).item() != items_[at]) return "seek finds another item at " + std::to_string(at);
  }
  return tree_.seek(Tree::Rank{size}) ? "an item behind all others" : "";
}

// --- A table ------------------------------------------------------------------------------------------------------------

inline void write_item(collections::Member, std::string& item, std::string_view name, std::string_view) { item = name; }
inline void write_item(collections::Field, std::string& item, std::string_view name, std::string_view value) {
  item.resize(collections::Field::bytes_for(name.size(), value.size()));
  char* to = collections::Field::write_name(item.data(), name);
  if (!value.empty()) std::memcpy(to, value.data(), value.size());
}
inline void write_item(collections::Scored, std::string& item, std::string_view name, std::string_view value) {
  const auto score = static_cast<double>(value.size());
  item.assign(reinterpret_cast<const char*>(&score), sizeof score);
  item.append(name);
}

template <typename Item>
class TablePair {
 public:
  using Table = collections::Table<Item>;
  using Items = std::map<std::string, std::string>;  // by name

  const Table& table() const { return table_; }
  const Items& items() const { return items_; }
  static const base::KeyHash& hash_of() {
    static const base::KeyHash hash(7);
    return hash;
  }

  Edit choose(model::Choices& choices, const Habits& habits);
  Edited apply(const Edit& edit, memory::Account& account, PageMemory& memory);
  std::string compare() const;
  TablePair share() const {
    TablePair other(*this);
    other.table_ = table_.share();
    return other;
  }
  void release(PageMemory& memory) {
    table_.release(memory);
    items_.clear();
  }
  std::int64_t charge(const memory::Account& account) const { return table_.charge(account); }

 private:
  Table table_;
  Items items_;
  std::string wrong_;
};

template <typename Item>
Edit TablePair<Item>::choose(model::Choices& choices, const Habits& habits) {
  static constexpr std::uint64_t kSizes[] = {0, 1, 7, 30, 240, 260, 1'000};
  Edit edit;
  edit.name = some_name(choices, habits);
  if (choices.below(16) < habits.inserts_of_16) {
    write_item(Item{}, edit.item, edit.name, repeated('v', kSizes[choices.below(habits.blobs ? 7 : 4)]));
    return edit;
  }
  edit.kind = Edit::Kind::kErase;
  if (items_.empty() || choices.one_in(8)) return edit;
  const auto near = items_.lower_bound(edit.name);
  edit.name = near == items_.end() ? items_.begin()->first : near->first;
  return edit;
}

template <typename Item>
Edited TablePair<Item>::apply(const Edit& edit, memory::Account& account, PageMemory& memory) {
  const std::uint64_t hash = hash_of()(edit.name);
  const bool there = items_.contains(edit.name);
  Edited expected = there ? Edited::kDone : Edited::kNothing;
  Edited edited = Edited::kNothing;
  if (edit.kind == Edit::Kind::kInsert) {
    expected = there ? Edited::kNothing : Edited::kDone;
    edited = put_item(account, edit.item, [&](std::size_t bytes, bool is_blob) {
      return table_.put(memory, hash_of(), hash, edit.name, bytes, is_blob);
    });
    if (edited != Edited::kNoMemory) items_[edit.name] = edit.item;
  } else {
    edited = table_.erase(memory, hash, edit.name);
    if (edited == Edited::kDone) items_.erase(edit.name);
  }
  if (edited != Edited::kNoMemory && edited != expected) wrong_ = "wrong answer: " + edit.text();
  return edited;
}

template <typename Item>
std::string TablePair<Item>::compare() const {
  if (!wrong_.empty()) return wrong_;
  if (const char* wrong = table_.check(hash_of())) return wrong;
  if (table_.size() != items_.size()) {
    return std::to_string(table_.size()) + " items instead of " + std::to_string(items_.size());
  }
  if (table_.empty() != items_.empty()) return "empty() is wrong";
  for (const auto& [name, item] : items_) {
    const auto found = table_.find(hash_of()(name), name);
    if (!found || found.item() != item) return "another item, or none: " + printed(name);
    if ((found.blob() != nullptr) != (item.size() > collections::kItemBytesMax))
      return "a blob or not: " + printed(name);
    const std::string other = name + '\0';
    if (!items_.contains(other) && table_.find(hash_of()(other), other))
      return "found what is not there: " + printed(other);
  }
  std::uint64_t seen = 0;
  std::uint64_t cursor = 0;
  bool known = true;
  do {
    cursor = table_.walk(cursor, [&](const auto& found) {
      ++seen;
      known &= items_.contains(std::string(Item::name(found.item())));
    });
  } while (cursor != 0);
  if (!known) return "a walk shows what is not there";
  return seen == items_.size() ? "" : "a walk shows " + std::to_string(seen) + " items";
}

}  // namespace larder::support
