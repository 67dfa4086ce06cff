// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "collections/stored_form.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

namespace larder::collections {
namespace {

constexpr char kVersion = 1;

// --- Writing ------------------------------------------------------------------------------------------------------------

class Writer {
 public:
  explicit Writer(std::uint64_t count) : bytes_(1, kVersion) { number(count); }

  void item(std::string_view item) {
    number(item.size());
    bytes_.append(item);
  }
  void score(double score) {
    auto bits = std::bit_cast<std::uint64_t>(score);
    for (int i = 0; i < 8; ++i, bits >>= 8) bytes_.push_back(static_cast<char>(bits & 0xff));
  }
  std::string take() && { return std::move(bytes_); }

 private:
  void number(std::uint64_t number) {
    for (; number >= 0x80; number >>= 7) bytes_.push_back(static_cast<char>((number & 0x7f) | 0x80));
    bytes_.push_back(static_cast<char>(number));
  }

  std::string bytes_;
};

// --- Reading ------------------------------------------------------------------------------------------------------------

class Reader {
 public:
  explicit Reader(std::string_view bytes) noexcept : left_(bytes) {}

  // take(*this) reads one item and says whether to go on: false, and `status` says why.
  template <typename Take>
  Status read(Take&& take) {
    if (left_.empty()) return malformed("no bytes at all");
    if (left_.front() != kVersion) {
      return malformed("of version " + std::to_string(static_cast<unsigned char>(left_.front())) +
                       ", which is not known here");
    }
    left_.remove_prefix(1);
    std::uint64_t count = 0;
    if (!number(&count)) return std::move(status_);
    if (count == 0) return malformed("empty, where there should be no such key");
    for (; count > 0; --count) {
      if (!take(*this)) return std::move(status_);
    }
    return left_.empty() ? Status() : malformed("with " + std::to_string(left_.size()) + " bytes behind its end");
  }

  bool item(std::string_view* item) {
    std::uint64_t size = 0;
    if (!number(&size)) return false;
    if (size > left_.size()) return cut_short();
    *item = left_.substr(0, size);
    left_.remove_prefix(size);
    return true;
  }
  bool score(double* score) {
    if (left_.size() < 8) return cut_short();
    std::uint64_t bits = 0;
    for (int i = 7; i >= 0; --i) bits = bits << 8 | static_cast<unsigned char>(left_[static_cast<std::size_t>(i)]);
    left_.remove_prefix(8);
    *score = std::bit_cast<double>(bits);
    return !std::isnan(*score) || fail("with a score that is not a number");
  }
  // What the draft has answered to an item that should be new to it.
  bool is_new(Edited edited) {
    return edited == Edited::kDone || (edited == Edited::kNothing && fail("with one twice"));
  }

 private:
  static Status malformed(const std::string& how) {
    return {ErrorCode::kStoreMalformed, "the store gave a collection that cannot be read: " + how};
  }
  bool fail(const std::string& how) {
    status_ = malformed(how);
    return false;
  }
  bool cut_short() { return fail("cut short"); }
  bool number(std::uint64_t* number) {
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (left_.empty()) return cut_short();
      const auto byte = static_cast<unsigned char>(left_.front());
      left_.remove_prefix(1);
      if (shift == 63 && byte > 1) break;
      *number |= std::uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return true;
    }
    return fail("with a number of more than 64 bits");
  }

  std::string_view left_;
  Status status_;
};

}  // namespace

std::string stored_form(const HashView& hash) {
  std::vector<std::pair<std::string_view, std::string_view>> fields;
  fields.reserve(hash.size());
  hash.each([&](std::string_view field, std::string_view value) { fields.emplace_back(field, value); });
  std::sort(fields.begin(), fields.end());
  Writer writer(fields.size());
  for (const auto& [field, value] : fields) {
    writer.item(field);
    writer.item(value);
  }
  return std::move(writer).take();
}

std::string stored_form(const ListView& list) {
  Writer writer(list.size());
  list.range(0, list.size(), false, [&](std::string_view element) {
    writer.item(element);
    return true;
  });
  return std::move(writer).take();
}

std::string stored_form(const SetView& set) {
  std::vector<std::string_view> members;
  members.reserve(set.size());
  set.each([&](std::string_view member) { members.push_back(member); });
  std::sort(members.begin(), members.end());
  Writer writer(members.size());
  for (const std::string_view member : members) writer.item(member);
  return std::move(writer).take();
}

std::string stored_form(const SortedSetView& set) {
  Writer writer(set.size());
  set.range(0, set.size(), false, [&](std::string_view member, double score) {
    writer.score(score);
    writer.item(member);
    return true;
  });
  return std::move(writer).take();
}

Status read_stored_form(std::string_view bytes, HashDraft& draft) {
  return Reader(bytes).read([&](Reader& reader) {
    std::string_view field, value;
    return reader.item(&field) && reader.item(&value) && reader.is_new(draft.set(field, value));
  });
}

Status read_stored_form(std::string_view bytes, ListDraft& draft) {
  return Reader(bytes).read([&](Reader& reader) {
    std::string_view element;
    return reader.item(&element) && reader.is_new(draft.insert(draft.view().size(), element));
  });
}

Status read_stored_form(std::string_view bytes, SetDraft& draft) {
  return Reader(bytes).read([&](Reader& reader) {
    std::string_view member;
    return reader.item(&member) && reader.is_new(draft.add(member));
  });
}

Status read_stored_form(std::string_view bytes, SortedSetDraft& draft) {
  return Reader(bytes).read([&](Reader& reader) {
    double score = 0;
    std::string_view member;
    return reader.score(&score) && reader.item(&member) && reader.is_new(draft.set(member, score));
  });
}

}  // namespace larder::collections
