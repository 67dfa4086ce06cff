// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Keyspace::edit where a store stands behind: a MultiKey of one. The store gets the whole value that an edit makes, so
// that is made anew each time, patched ones, too.
#include <algorithm>
#include <array>

#include "keyspace/multi_key.h"
#include "keyspace/patches.h"

namespace larder::keyspace {
namespace {

class StoredEdit {
 public:
  StoredEdit(Keyspace& keyspace, std::string_view key, Keyspace::Decide decide, Before before)
      : keyspace_(keyspace),
        hash_(keyspace.hash_of(key)),
        decide_(decide),
        want_(before == Before::kMatters ? Want::kChange : Want::kOverwrite),
        multi_(keyspace, {&key, 1}) {}
  ~StoredEdit() {
    if (built_) built_.release();
  }
  StoredEdit(const StoredEdit&) = delete;
  StoredEdit& operator=(const StoredEdit&) = delete;

  Status run() {
    Status status = multi_.run([this](MultiKey&) { return step(); });
    if (multi_.committed()) {
      if (staged_ != nullptr) *staged_ = {};  // the cache has it now
      if (change_.version != nullptr) *change_.version = multi_.version();
    }
    return status.ok() ? std::move(decided_) : status;
  }

 private:
  bool step() {
    staged_ = nullptr;
    const Entry* entry = multi_.find(0, want_);
    if (multi_.must_wait()) return false;
    change_ = {};
    decided_ = decide_(entry, change_);
    if (!decided_.ok()) return true;
    const bool ends = change_.end == Change::End::kSet && change_.ends_at <= keyspace_.environment().coarse_now();
    switch (change_.kind) {
      case Change::Kind::kNothing: return true;
      case Change::Kind::kRemove: return remove();
      case Change::Kind::kEnd:
        if (entry == nullptr) return true;
        return ends ? remove() : keep_value(*entry);
      case Change::Kind::kReplace: return ends ? remove() : replace(entry);
      case Change::Kind::kPatch: return patch(entry);
    }
    return true;
  }

  bool remove() {
    multi_.stage_removal(0);
    return true;
  }

  // A string, or what is outside, which is ours to give away.
  bool store(std::string_view value, Outside* outside, std::uint64_t end, bool whole) {
    if (!keyspace_.environment().value_fits(value.size())) {
      decided_ = keyspace_.environment().value_too_large(value.size());
      return true;
    }
    multi_.need(0, EntryType::kString, value.size(), end != Entry::kNoDeadline);
    if (!multi_.has_room()) return false;
    if (multi_.stage(0, {.bytes = value, .outside = outside == nullptr ? Outside() : *outside}, end, whole)) {
      staged_ = outside;
    }
    return true;
  }

  // A value of any type.
  bool keep_value(const Entry& entry) {
    const std::uint64_t end = change_.end_for(&entry);
    if (end == Entry::kNoDeadline && Shard::end_of(entry) == Entry::kNoDeadline) return true;
    old_.take(entry);
    const MultiKey::Value value = MultiKey::Value::of(old_);
    if (multi_.unkept(0)) {
      multi_.stage_unkept(0, value, end);
      return true;
    }
    multi_.need(0, value.type, value.size(), end != Entry::kNoDeadline);
    if (!multi_.has_room()) return false;
    if (built_) built_.release();
    built_ = value.outside;  // shared
    if (built_) built_.acquire();
    if (multi_.stage(0, value, end, false)) staged_ = &built_;
    return true;
  }

  bool replace(const Entry* entry) {
    const std::uint64_t end = change_.end_for(entry);
    if (change_.value.size() <= kInlineBytesMax) return store(change_.value, nullptr, end, true);
    if (change_.outside != nullptr) return store(change_.value, change_.outside, end, true);
    if (!built_ || built_.blob()->view() != change_.value) {  // the text of a number: a few thousand digits at most
      return multi_.compute([this, text = std::string(change_.value)] { return build(text.size(), text, {}); });
    }
    return store(change_.value, &built_, end, true);
  }

  bool patch(const Entry* entry) {
    const std::uint64_t size = entry == nullptr ? 0 : entry->value().size();
    const std::uint64_t new_size = patched_size(size, change_.patches);
    if (!keyspace_.environment().value_fits(new_size)) {
      decided_ = keyspace_.environment().value_too_large(new_size);
      return true;
    }
    if (new_size <= kInlineBytesMax) {
      std::array<char, kInlineBytesMax> bytes;
      if (size != 0) std::memcpy(bytes.data(), entry->inline_value().data(), size);
      write_patches(bytes.data(), size, new_size, change_.patches);
      return store({bytes.data(), new_size}, nullptr, change_.end_for(entry), false);
    }
    const bool same = entry == nullptr ? !old_.taken() : old_.taken() && old_.same_as(*entry);
    if (built_ && same) return store(built_.blob()->view(), &built_, change_.end_for(entry), false);
    old_.reset();
    if (entry != nullptr) old_.take(*entry);
    return multi_.compute([this, new_size] { return build(new_size, old_.view(), change_.patches); });
  }

  // With no lock held.
  Status build(std::uint64_t size, std::string_view old, std::span<const Patch> patches) {
    if (built_) built_.release();
    built_ = {};
    Result<Blob*> blob = keyspace_.make_blob(hash_, size, size);
    if (!blob) return blob.status();
    built_ = Outside(*blob);
    if (!old.empty()) std::memcpy((*blob)->bytes(), old.data(), old.size());
    write_patches((*blob)->bytes(), old.size(), size, patches);
    return {};
  }

  Keyspace& keyspace_;
  const std::uint64_t hash_;
  const Keyspace::Decide decide_;
  const Want want_;
  MultiKey multi_;
  Change change_;
  Status decided_;
  ValueCopy old_;
  Outside built_;
  Outside* staged_ = nullptr;
};

}  // namespace

Status Keyspace::edit_stored(std::string_view key, Decide decide, Before before) {
  return StoredEdit(*this, key, decide, before).run();
}

}  // namespace larder::keyspace
