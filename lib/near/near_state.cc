// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "near/near_state.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <utility>

namespace larder {

using near::Batch;
using near::Deadline;
using near::Link;

namespace {

constexpr std::size_t kKeyMax = 60'000;      // a name of a copy has more
constexpr std::size_t kFieldMax = 4'096;     // of a command, as it is kept
constexpr std::uint64_t kCopiesMax = 1'024;  // of one key
constexpr int kRoundsMax = 8;
constexpr std::string_view kLeaseField;  // empty, as no command is

// Names of entries. What begins with a zero byte is ours; a key that does gets another two before it.
std::string_view value_name(std::string_view key, std::string& space) {
  if (!key.starts_with('\0')) return key;
  return space = std::string("\0s", 2).append(key);
}
std::string_view key_of(std::string_view name) { return name.starts_with('\0') ? name.substr(2) : name; }
std::string group_name(std::string_view key) { return std::string("\0g", 2).append(key); }
std::string flight_name(std::string_view field) { return std::string("\0f", 2).append(field); }

std::string_view as_bytes(const std::uint64_t& number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}
std::uint64_t number_at(std::string_view bytes, std::size_t place) {
  std::uint64_t number = 0;
  if (bytes.size() >= (place + 1) * sizeof number)
    std::memcpy(&number, bytes.data() + place * sizeof number, sizeof number);
  return number;
}

LoadOptions load_options_of(const NearCacheOptions& options) {
  LoadOptions loading;
  loading.ttl = options.max_age;
  loading.negative_ttl = options.max_age;
  loading.wait_max = options.command_timeout;
  return loading;
}

std::string random_text() {
  std::random_device random;
  std::string text;
  for (int i = 0; i < 4; ++i) text += std::to_string(random()) + "-";
  return text;
}

Milliseconds now_ms(const Options& options) {
  return std::chrono::duration_cast<Milliseconds>(
      (options.clock == nullptr ? Clock::system() : *options.clock).monotonic());
}

Result<RemoteReply> answer_of(const Link::Answer& answer) {
  if (!answer.status.ok()) return answer.status;
  const redisReply& reply = *answer.replies.front();
  if (stores::redis::is_error(reply)) return near::status_of_error(stores::redis::view_of(reply));
  return near::reply_of(reply);
}

}  // namespace

// A reply as it is kept: lease, when it came, how long it may be kept, and its bytes.
struct near::State::Copy {
  explicit Copy(std::string_view bytes)
      : lease(number_at(bytes, 0)),
        came(number_at(bytes, 1)),
        life(number_at(bytes, 2)),
        reply(bytes.substr(std::min<std::size_t>(bytes.size(), 24))) {}
  static std::string bytes_of(std::uint64_t lease, Milliseconds came, Milliseconds life, const redisReply& reply) {
    std::string bytes;
    for (const std::uint64_t number :
         {lease, static_cast<std::uint64_t>(came.count()), static_cast<std::uint64_t>(life.count())}) {
      bytes += as_bytes(number);
    }
    near::append_bytes(reply, bytes);
    return bytes;
  }

  std::uint64_t lease;
  Milliseconds came;
  Milliseconds life;
  std::string_view reply;
};

near::State::State(const NearCacheOptions& its_options, const MakeLink& make_link)
    : options(its_options),
      load_options(load_options_of(its_options)),
      cache(its_options.cache),
      link(make_link ? make_link(options, *this) : std::make_unique<TrackingLink>(options, *this)),
      tokens_(random_text()) {}

near::State::~State() {
  if (thread_.joinable()) {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t ignored = ::write(stop_, &one, sizeof one);
    thread_.join();
  }
  if (stop_ >= 0) close(stop_);
}

Status near::State::begin() {
  if (Status status = link->wait_for_session(Deadline(2 * options.connect_timeout)); !status.ok()) return status;
  if (!options.own_thread) return {};
  stop_ = eventfd(0, EFD_CLOEXEC);
  thread_ = std::thread([this] { run(); });
  return {};
}

void near::State::run() noexcept {
  pollfd watched[] = {{stop_, POLLIN, 0}, {link->descriptor(), POLLIN, 0}};
  while (watched[0].revents == 0) {
    poll(watched, 2, -1);
    if (watched[1].revents != 0) link->process();
  }
}

// --- Copies -------------------------------------------------------------------------------------------------------

void near::State::forget(std::string_view key) noexcept {
  std::string space;
  cache.invalidate(value_name(key, space));
  cache.invalidate(group_name(key));
}

void near::State::drop(std::string_view key) noexcept {
  if (key.size() <= kKeyMax) forget(key);
  invalidations.fetch_add(1, std::memory_order_release);
}

void near::State::drop_all() noexcept {
  flushes[static_cast<std::size_t>(FlushCause::kServerFlushed)].fetch_add(1, std::memory_order_relaxed);
  fitness_.store(Fitness::kBeingDropped, std::memory_order_seq_cst);
  renew();
  found();
}

void near::State::lost(FlushCause cause) noexcept {
  lost_at_.store(Clock::system().monotonic().count(), std::memory_order_relaxed);
  fitness_.store(Fitness::kLost, std::memory_order_seq_cst);
  flushes[static_cast<std::size_t>(cause)].fetch_add(1, std::memory_order_relaxed);
}

// Also what is under way does not become a copy then.
void near::State::renew() noexcept { cache.clear(); }

void near::State::found() noexcept { fitness_.store(Fitness::kFit, std::memory_order_seq_cst); }

bool near::State::may_be_kept(std::string_view key) const noexcept {
  const auto begins = [&](const std::string& prefix) { return key.starts_with(prefix); };
  return key.size() <= kKeyMax &&
         (options.prefixes.empty() || std::any_of(options.prefixes.begin(), options.prefixes.end(), begins));
}

near::State::Way near::State::way_of(std::string_view key) const noexcept {
  const Fitness fitness = fitness_.load(std::memory_order_acquire);
  if (fitness == Fitness::kFit && may_be_kept(key)) [[likely]]
    return Way::kKept;
  if (fitness != Fitness::kLost || options.disconnected == NearCacheOptions::Disconnected::kBypass) return Way::kBypass;
  if (options.disconnected == NearCacheOptions::Disconnected::kFail) return Way::kFail;
  const std::chrono::nanoseconds since = Clock::system().monotonic() - std::chrono::nanoseconds(lost_at_);
  return may_be_kept(key) && since <= options.stale_for ? Way::kKept : Way::kBypass;
}

// --- Asking the server --------------------------------------------------------------------------------------------

// A read, again where its connection ends before the answer comes.
Link::Answer near::State::fetch(const Batch& commands, Link::Reports reports, std::string_view key) {
  const Deadline deadline(options.command_timeout);
  while (true) {
    Link::Answer answer = link->call(commands, reports, deadline, key);
    if (answer.status.code() != ErrorCode::kOutcomeUnknown || deadline.left_ms() == 0) return answer;
  }
}

Link::Answer near::State::fetch_copy(const Batch& commands, std::string_view key) {
  misses.fetch_add(1, std::memory_order_relaxed);
  return fetch(commands, Link::Reports::kYes, key);
}

Result<RemoteReply> near::State::ask(Words words) {
  bypassed.fetch_add(1, std::memory_order_relaxed);
  Batch commands;
  commands.add(words);
  return answer_of(fetch(commands, Link::Reports::kNo, {}));
}

Result<RemoteReply> near::State::write(std::span<const std::string_view> keys, Words words, const Batch& behind) {
  for (const std::string_view key : keys) forget(key);
  Batch commands;
  commands.add(words);
  commands.append(behind);
  Link::Answer answer = link->call(commands, Link::Reports::kNo, Deadline(options.command_timeout));
  for (const std::string_view key : keys) forget(key);
  if (answer.status.code() == ErrorCode::kTimeout) {
    answer.status = Status(ErrorCode::kOutcomeUnknown, answer.status.message());
  }
  return answer_of(answer);
}

// How long an answer may be kept, by what PTTL says behind it: what changes between the two is reported.
Milliseconds near::State::life_of(const Link::Answer& answer, const redisReply& pttl) const {
  if (!answer.reported || pttl.type != REDIS_REPLY_INTEGER || pttl.integer == -2) return Milliseconds(0);
  return pttl.integer == -1 ? options.max_age : std::min(options.max_age, Milliseconds(pttl.integer));
}

// --- What GET and MGET answer ---------------------------------------------------------------------------------------

namespace {

Loaded loaded_of(const redisReply& value, Milliseconds life) {
  if (stores::redis::is_error(value)) return near::status_of_error(stores::redis::view_of(value));
  Loaded loaded = value.type == REDIS_REPLY_NIL ? Loaded(std::nullopt) : Loaded(stores::redis::view_of(value));
  loaded.ttl = life;
  return loaded;
}

}  // namespace

Loaded near::State::load_value(std::string_view key) {
  Batch commands;
  commands.add({"GET", key});
  commands.add({"PTTL", key});
  const Link::Answer answer = fetch_copy(commands, key);
  if (!answer.status.ok()) return answer.status;
  const redisReply& value = *answer.replies[0];
  const bool absent = value.type == REDIS_REPLY_NIL;
  return loaded_of(value, absent && answer.reported ? options.max_age : life_of(answer, *answer.replies[1]));
}

Lookup<std::string> near::State::get(std::string_view key) {
  const Way way = way_of(key);
  std::string space;
  const std::string_view name = value_name(key, space);
  // Of what get_or_load costs, get is the half.
  Lookup<std::string> answer = way == Way::kKept ? cache.get(name) : get_past(key, way);
  if (way == Way::kKept && !answer) {
    answer = cache.get_or_load(
        name, [&] { return load_value(key); }, load_options);
  }
  return answer;
}

Lookup<std::string> near::State::get_past(std::string_view key, Way way) {
  if (way == Way::kFail) return Status(ErrorCode::kDisconnected, "Redis does not report changes now");
  Result<RemoteReply> answer = ask({{"GET", key}});
  if (!answer) return answer.status();
  if (answer->type == RemoteReply::Type::kNothing) return {};
  return std::move(answer->text);
}

// MGET has nothing for keys of another type, too: these are not kept as missing.
std::vector<Loaded> near::State::load_values(std::span<const std::string_view> names) {
  std::vector<std::string_view> words = {"MGET"};
  for (const std::string_view name : names) words.push_back(key_of(name));
  Batch commands;
  commands.add(words);
  for (const std::string_view name : names) commands.add({"PTTL", key_of(name)});
  const Link::Answer answer = fetch_copy(commands, {});
  std::vector<Loaded> loaded;
  loaded.reserve(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!answer.status.ok() || answer.replies[0]->elements != names.size()) {
      loaded.push_back(answer.status.ok() ? near::status_of_error(stores::redis::view_of(*answer.replies[0]))
                                          : answer.status);
      continue;
    }
    const redisReply& value = *answer.replies[0]->element[i];
    const redisReply& pttl = *answer.replies[1 + i];
    const bool absent = value.type == REDIS_REPLY_NIL;
    const bool is_none = absent && answer.reported && pttl.integer == -2;
    Milliseconds life = is_none ? options.max_age : life_of(answer, pttl);
    if (absent && !is_none) life = Milliseconds(0);
    loaded.push_back(loaded_of(value, life));
  }
  return loaded;
}

std::vector<Lookup<std::string>> near::State::mget(std::span<const std::string_view> keys) {
  const auto is_kept = [&](std::string_view key) { return way_of(key) == Way::kKept; };
  std::vector<Lookup<std::string>> answers;
  if (!std::all_of(keys.begin(), keys.end(), is_kept)) {
    for (const std::string_view key : keys) answers.push_back(get(key));
    for (Lookup<std::string>& answer : answers) {
      if (answer.status().code() == ErrorCode::kWrongType) answer = Lookup<std::string>();
    }
    return answers;
  }
  std::vector<std::string> space(keys.size());
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < keys.size(); ++i) names.push_back(value_name(keys[i], space[i]));
  return cache.get_or_load_many(
      names, [&](std::span<const std::string_view> missing) { return load_values(missing); }, load_options);
}

// --- What other commands answer -------------------------------------------------------------------------------------

// 0: there is no room for one.
std::uint64_t near::State::take_lease(const std::string& group) {
  const std::uint64_t lease = next_lease_.fetch_add(1, std::memory_order_relaxed);
  const Result<bool> taken = cache.hset_nx(group, kLeaseField, as_bytes(lease));
  if (!taken.ok()) return 0;
  if (*taken) {
    cache.expire(group, options.max_age);
    return lease;
  }
  const Lookup<std::string> other = cache.hget(group, kLeaseField);
  return other ? number_at(*other, 0) : 0;
}

Loaded near::State::load_copy(std::string_view key, Words words, const std::string& group, std::string_view field,
                              std::uint64_t lease) {
  Batch commands;
  commands.add(words);
  commands.add({"PTTL", key});
  const Link::Answer answer = fetch_copy(commands, key);
  if (!answer.status.ok()) return answer.status;
  const redisReply& reply = *answer.replies[0];
  if (stores::redis::is_error(reply)) return near::status_of_error(stores::redis::view_of(reply));
  const redisReply& pttl = *answer.replies[1];
  const bool is_none = pttl.type == REDIS_REPLY_INTEGER && pttl.integer == -2;
  const Milliseconds life = is_none && answer.reported ? options.max_age : life_of(answer, pttl);
  Loaded loaded(Copy::bytes_of(lease, now_ms(options.cache), life, reply));
  loaded.ttl = Milliseconds(0);  // callers get it, and it is kept in the group
  if (life.count() > 0 && lease != 0 && cache.hset(group, field, *loaded.value).ok()) {
    cache.expire(group, options.max_age);
    if (cache.hlen(group).value_or(0) > kCopiesMax) cache.invalidate(group);
  }
  return loaded;
}

near::State::Found near::State::find_copy(const std::string& group, std::string_view field) {
  auto kept = cache.hmget(group, {kLeaseField, field});
  Found found;
  if (!kept || !(*kept)[0]) return found;
  found.lease = number_at(*(*kept)[0], 0);
  if (!(*kept)[1]) return found;
  const Copy copy(*(*kept)[1]);
  if (copy.lease == found.lease && now_ms(options.cache) - copy.came < copy.life) found.copy = std::move((*kept)[1]);
  return found;
}

Result<RemoteReply> near::State::read(std::string_view key, Words words, Milliseconds* age) {
  Batch as_field;
  as_field.add(words);
  const std::string_view field = as_field.bytes();
  const Way way = field.size() <= kFieldMax ? way_of(key) : Way::kBypass;
  if (way == Way::kFail) return Status(ErrorCode::kDisconnected, "Redis does not report changes now");
  const std::string group = way == Way::kKept ? group_name(key) : std::string();
  for (int round = 0; way == Way::kKept && round < kRoundsMax; ++round) {
    Found found = find_copy(group, field);
    if (found.lease == 0) found.lease = take_lease(group);
    if (!found.copy) {
      const auto load = [&] {
        Found meanwhile = find_copy(group, field);  // somebody's load has ended just before this one began
        if (!meanwhile.copy) return load_copy(key, words, group, field, found.lease);
        Loaded loaded(*std::move(meanwhile.copy));
        loaded.ttl = Milliseconds(0);
        return loaded;
      };
      Lookup<std::string> loaded = cache.get_or_load(flight_name(field), load, load_options);
      if (!loaded) return loaded.status();
      found.copy = *std::move(loaded);
    }
    const Copy copy(*found.copy);
    if (copy.lease != found.lease) continue;  // of somebody who asked before the key has changed
    if (age != nullptr) *age = now_ms(options.cache) - copy.came;
    return near::reply_from(copy.reply);
  }
  if (age != nullptr) *age = Milliseconds(0);
  return ask(words);
}

}  // namespace larder
