// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Commands as calls of the API.
#include <algorithm>
#include <limits>
#include <set>
#include <span>

#include "model/larder_subject.h"

namespace larder::model {
namespace {

Answer to_answer(const Status& status) { return status.ok() ? Answer::done() : Answer::failure(status.code()); }

Answer to_answer(const std::string& text) { return Answer::bytes(text); }
Answer to_answer(bool truth) { return Answer::number(truth); }
Answer to_answer(std::int64_t number) { return Answer::number(number); }
Answer to_answer(std::uint64_t number) { return Answer::number(static_cast<std::int64_t>(number)); }
Answer to_answer(const TimeToLive& ttl) { return ttl.left ? Answer::number(ttl.left->count()) : Answer::never(); }
Answer to_answer(const std::optional<UnixTime>& time) {
  return time ? Answer::number(time->time_since_epoch().count()) : Answer::never();
}
Answer to_answer(const SetAndGet& both) {
  return Answer::items({to_answer(both.stored), both.previous ? to_answer(*both.previous) : Answer::miss()});
}

template <typename T>
Answer to_answer(const Result<T>& result) {
  return result.ok() ? to_answer(*result) : Answer::failure(result.status().code());
}
template <typename T>
Answer to_answer(const Lookup<T>& lookup) {
  if (lookup.has_value()) return to_answer(*lookup);
  return lookup.missing() ? Answer::miss() : Answer::failure(lookup.status().code());
}

// The answer of an overload that hands the bytes over in another way, and answers the length.
Answer with_bytes(const Lookup<std::size_t>& length, const std::string& bytes) {
  if (!length.has_value()) return length.missing() ? Answer::miss() : Answer::failure(length.status().code());
  return *length == bytes.size() ? Answer::bytes(bytes) : Answer::bytes("a length that is not that of the bytes");
}

std::vector<std::string_view> views_of(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

std::vector<KeyValue> pairs_of(const Command& command) {
  std::vector<KeyValue> pairs;
  for (std::size_t i = 0; i < command.keys.size(); ++i) pairs.push_back({command.keys[i], command.values[i]});
  return pairs;
}

Answer sorted_keys(std::vector<std::string> keys) {
  const std::set<std::string> sorted(keys.begin(), keys.end());
  std::vector<Answer> list;
  for (const std::string& key : sorted) list.push_back(Answer::bytes(key));
  return Answer::items(std::move(list));
}

}  // namespace

Answer CacheDriver::run(const Command& command) {
  if (command.verb <= Verb::kLcs) return run_string_read(command);
  if (command.verb <= Verb::kSetRange) return run_string_write(command);
  if (command.verb <= Verb::kCompareAndSet) return run_number(command);
  if (command.verb <= Verb::kBitField) return run_bits(command);
  if (command.verb <= Verb::kCopy) return run_key(command);
  if (command.verb <= Verb::kClear) return run_many_keys(command);
  return run_other(command);
}

Answer CacheDriver::get(const Command& command) {
  std::string value;
  switch (command.how) {
    case How::kInto: {
      value = "what was there before";
      const auto length = cache_.get(command.key(), value);
      if (length.missing() && value != "what was there before") return Answer::bytes("a miss wrote into the string");
      return with_bytes(length, value);
    }
    case How::kPin: {
      const auto pinned = cache_.pin(command.key());
      if (pinned) return Answer::bytes(pinned->view());
      return pinned.missing() ? Answer::miss() : Answer::failure(pinned.status().code());
    }
    case How::kRead: {
      const auto length = cache_.read(command.key(), [&](std::string_view bytes) { value = bytes; });
      return with_bytes(length, value);
    }
    case How::kPeek: return to_answer(cache_.peek(command.key()));
    default: return to_answer(cache_.get(command.key()));
  }
}

Answer CacheDriver::mget(const Command& command) {
  const auto keys = views_of(command.keys);
  std::vector<Answer> answers(keys.size());
  if (command.how == How::kRead) {
    std::size_t shown = 0;
    const auto found = cache_.mget(keys, [&](std::size_t i, std::string_view bytes) {
      answers[i] = answers[i].kind == Answer::Kind::kMiss ? Answer::bytes(bytes) : Answer::bytes("shown twice");
      ++shown;
    });
    if (!found.ok()) return Answer::failure(found.status().code());
    return *found == shown ? Answer::items(std::move(answers)) : Answer::bytes("counted wrong");
  }
  const auto values = cache_.mget(keys);
  if (values.size() != keys.size()) return Answer::bytes("as many answers as keys were due");
  for (std::size_t i = 0; i < values.size(); ++i) answers[i] = to_answer(values[i]);
  // What is wrong with one key is the answer for each.
  if (std::all_of(answers.begin(), answers.end(), [](const Answer& answer) { return answer.failed(); }))
    return answers[0];
  return Answer::items(std::move(answers));
}

Answer CacheDriver::lcs(const Command& command) {
  const auto result = cache_.lcs(command.keys[0], command.keys[1], command.lcs);
  if (!result.ok()) return Answer::failure(result.status().code());
  if (!command.lcs.with_matches) return Answer::items({to_answer(result->subsequence), to_answer(result->length)});
  std::vector<Answer> list;
  for (const LcsMatch& match : result->matches) {
    list.push_back(Answer::items({to_answer(match.a_first), to_answer(match.a_last), to_answer(match.b_first),
                                  to_answer(match.b_last), to_answer(match.length)}));
  }
  return Answer::items({Answer::items(std::move(list)), to_answer(result->length)});
}

Answer CacheDriver::run_string_read(const Command& command) {
  switch (command.verb) {
    case Verb::kGet: return get(command);
    case Verb::kMget: return mget(command);
    case Verb::kStrlen: return to_answer(cache_.strlen(command.key()));
    case Verb::kGetRange: return to_answer(cache_.get_range(command.key(), command.first, command.second));
    default: return lcs(command);
  }
}

Answer CacheDriver::run_string_write(const Command& command) {
  const std::string& key = command.key();
  switch (command.verb) {
    case Verb::kSet: return to_answer(cache_.set(key, command.value(), command.set));
    case Verb::kSetAndGet: return to_answer(cache_.set_and_get(key, command.value(), command.set));
    case Verb::kGetSet: return to_answer(cache_.get_set(key, command.value()));
    case Verb::kGetDel: return to_answer(cache_.get_del(key));
    case Verb::kGetEx: return to_answer(cache_.get_ex(key, command.get_ex));
    case Verb::kMset: return to_answer(cache_.mset(pairs_of(command)));
    case Verb::kMsetNx: return to_answer(cache_.mset_nx(pairs_of(command)));
    case Verb::kAppend: return to_answer(cache_.append(key, command.value()));
    default: return to_answer(cache_.set_range(key, command.offset, command.value()));
  }
}

Answer CacheDriver::run_number(const Command& command) {
  const std::string& key = command.key();
  switch (command.verb) {
    case Verb::kIncrBy:
      return to_answer(command.how == How::kShort ? cache_.incr(key) : cache_.incr_by(key, command.first));
    case Verb::kDecrBy:
      return to_answer(command.how == How::kShort ? cache_.decr(key) : cache_.decr_by(key, command.first));
    case Verb::kIncrByFloat: {
      // A text that is no number reaches the API as NaN.
      const auto by = strict_float(command.text);
      return to_answer(cache_.incr_by_float(key, by.value_or(std::numeric_limits<long double>::quiet_NaN())));
    }
    case Verb::kGetVersioned: return get_versioned(command);
    default: return compare_and_set(command);
  }
}

Answer CacheDriver::get_versioned(const Command& command) {
  const auto versioned = cache_.get_versioned(command.key());
  if (!versioned.ok()) return Answer::failure(versioned.status().code());
  versions_[command.first] = {command.key(), versioned->version};
  return versioned->value ? Answer::bytes(*versioned->value) : Answer::miss();
}

Answer CacheDriver::compare_and_set(const Command& command) {
  const auto slot = versions_.find(command.first);
  if (slot == versions_.end() || slot->second.first != command.key()) {
    return command.key().size() > kKeyBytesMax ? Answer::failure(ErrorCode::kKeyTooLong) : Answer::done();
  }
  const auto stored = cache_.compare_and_set(command.key(), slot->second.second, command.value(), command.set);
  if (!stored.ok()) return Answer::failure(stored.status().code());
  slot->second.second = *stored;
  return Answer::number(1);
}

Answer CacheDriver::run_bits(const Command& command) {
  const std::string& key = command.key();
  switch (command.verb) {
    case Verb::kSetBit: return to_answer(cache_.set_bit(key, command.offset, command.flag));
    case Verb::kGetBit: return to_answer(cache_.get_bit(key, command.offset));
    case Verb::kBitCount: return to_answer(cache_.bit_count(key, command.range));
    case Verb::kBitPos: return to_answer(cache_.bit_pos(key, command.flag, command.range));
    case Verb::kBitOp: {
      const auto keys = views_of(command.keys);
      return to_answer(cache_.bit_op(command.operation, keys[0], std::span(keys).subspan(1)));
    }
    default: return bit_field(command);
  }
}

Answer CacheDriver::bit_field(const Command& command) {
  const auto result = cache_.bit_field(command.key(), command.steps);
  if (!result.ok()) return Answer::failure(result.status().code());
  std::vector<Answer> list;
  for (const auto& number : *result) list.push_back(number ? to_answer(*number) : Answer::miss());
  return Answer::items(std::move(list));
}

Answer CacheDriver::run_key(const Command& command) {
  const std::string& key = command.key();
  const auto keys = views_of(command.keys);
  switch (command.verb) {
    case Verb::kDel: return command.how == How::kShort ? to_answer(cache_.del(key)) : to_answer(cache_.del(keys));
    case Verb::kExists:
      return command.how == How::kShort ? to_answer(cache_.exists(key)) : to_answer(cache_.exists(keys));
    case Verb::kTouch: return to_answer(cache_.touch(keys));
    case Verb::kType: {
      const auto type = cache_.type(key);
      return type.ok() ? Answer::bytes(to_string(*type)) : Answer::failure(type.status().code());
    }
    case Verb::kExpire: return to_answer(cache_.expire(key, Milliseconds(command.first), command.expire_if));
    case Verb::kExpireAt:
      return to_answer(cache_.expire_at(key, UnixTime(Milliseconds(command.first)), command.expire_if));
    case Verb::kPersist: return to_answer(cache_.persist(key));
    case Verb::kTtl: return to_answer(cache_.ttl(key));
    case Verb::kExpireTime: return to_answer(cache_.expire_time(key));
    case Verb::kRename: return to_answer(cache_.rename(command.keys[0], command.keys[1]));
    case Verb::kRenameNx: return to_answer(cache_.rename_nx(command.keys[0], command.keys[1]));
    default: return to_answer(cache_.copy(command.keys[0], command.keys[1], command.flag));
  }
}

Answer CacheDriver::scan_all(const Command& command) {
  std::vector<std::string> keys;
  std::uint64_t cursor = 0;
  int pages = 0;
  do {
    const auto page = cache_.scan(cursor, {.match = command.text, .count = static_cast<std::uint32_t>(command.second)});
    if (!page.ok()) return Answer::failure(page.status().code());
    keys.insert(keys.end(), page->keys.begin(), page->keys.end());
    cursor = page->cursor;
    if (++pages > 1'000'000) return Answer::bytes("a scan that does not end");
  } while (cursor != 0);
  return sorted_keys(std::move(keys));
}

Answer CacheDriver::for_each() {
  std::map<std::string, Answer> seen;
  bool twice = false;
  const Status status = cache_.for_each([&](const EntryView& entry) {
    const Answer ttl = entry.ttl ? Answer::number(entry.ttl->count()) : Answer::never();
    std::vector<Answer> all = {Answer::bytes(entry.key), Answer::bytes(entry.value), ttl};
    twice |= !seen.emplace(entry.key, Answer::items(std::move(all))).second;
    return true;
  });
  if (!status.ok()) return Answer::failure(status.code());
  std::vector<Answer> list;
  for (auto& [key, answer] : seen) list.push_back(std::move(answer));
  if (twice) list.push_back(Answer::bytes("shown twice"));
  return Answer::items(std::move(list));
}

Answer CacheDriver::run_many_keys(const Command& command) {
  switch (command.verb) {
    case Verb::kRandomKey: return to_answer(cache_.random_key());
    case Verb::kScan: return scan_all(command);
    case Verb::kKeys: {
      auto keys = cache_.keys(command.text);
      return keys.ok() ? sorted_keys(*std::move(keys)) : Answer::failure(keys.status().code());
    }
    case Verb::kForEach: return for_each();
    case Verb::kDbsize: return to_answer(cache_.dbsize());
    case Verb::kInvalidate: return to_answer(cache_.invalidate(command.key()));
    case Verb::kInvalidatePrefix: return to_answer(cache_.invalidate_prefix(command.text));
    case Verb::kClear: return to_answer(cache_.clear());
    default: return Answer::done();
  }
}

Answer CacheDriver::run_other(const Command& command) {
  switch (command.verb) {
    case Verb::kTick: cache_.tick({.steps_max = static_cast<std::uint32_t>(command.first)}); return Answer::done();
    case Verb::kHold: return hold(command);
    case Verb::kLetGo: return let_go(command);
    case Verb::kSetMaxMemory: return to_answer(cache_.set_max_memory(static_cast<std::uint64_t>(command.first)));
    case Verb::kSetEviction: return to_answer(cache_.set_eviction(Eviction::named(command.text).value()));
    default: return Answer::done();
  }
}

Answer CacheDriver::hold(const Command& command) {
  auto pinned = cache_.pin(command.key());
  if (!pinned) return pinned.missing() ? Answer::miss() : Answer::failure(pinned.status().code());
  std::string shown(pinned->view());
  handles_[command.first] = Handle{*std::move(pinned), shown};
  return Answer::bytes(shown);
}

Answer CacheDriver::let_go(const Command& command) {
  const auto at = handles_.find(command.first);
  if (at == handles_.end()) return Answer::miss();
  const Answer shows = Answer::bytes(at->second.pinned.view());
  handles_.erase(at);
  return shows;
}

std::string CacheDriver::check_handles() const {
  for (const auto& [slot, handle] : handles_) {
    if (handle.pinned.view() != handle.shown) return "the handle in slot " + std::to_string(slot) + " has changed";
  }
  return "";
}

}  // namespace larder::model
