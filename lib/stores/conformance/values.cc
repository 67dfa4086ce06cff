// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// One key at a time: what is written is what is read.
#include <limits>

#include "stores/conformance/trial.h"

namespace larder::stores::conformance {
namespace {

using namespace std::chrono_literals;

void missing_key(Trial& trial) { trial.must_miss(trial.key("never written"), "nothing"); }

// The simplest of all, so that what is wrong with every put is not said of some particular one.
void found_at_once(Trial& trial) {
  for (int i = 0; i < 8; ++i) {
    const std::string key = trial.key(std::to_string(i));
    if (!trial.must_write(trial.put(key, "value"), "put")) return;
    if (!trial.must_be_there(key, "put")) return;
  }
}

void values_round_trip(Trial& trial) {
  const std::string key = trial.key("value");
  for (const std::size_t size : {0u, 1u, 255u, 256u, 4'095u, 65'536u, 1u << 20}) {
    const std::string bytes = noise(size, size);
    const std::string did = "put a value of " + std::to_string(size) + " bytes";
    if (trial.must_write(trial.put(key, bytes), did)) trial.must_have(key, bytes, did);
  }
  using namespace std::string_view_literals;
  for (const std::string_view bytes : {"\0"sv, "a\0b"sv, "\0\0"sv, "\xff\xfe"sv, "\\x00"sv, "'; --"sv, " "sv, "%s"sv}) {
    if (trial.must_write(trial.put(key, bytes), "put " + printable(bytes))) {
      trial.must_have(key, bytes, "put " + printable(bytes));
    }
  }
}

// Keys are bytes: no two of these are the same.
void keys_round_trip(Trial& trial) {
  using namespace std::string_view_literals;
  constexpr std::string_view kNames[] = {
      ""sv,        " "sv,    "  "sv,       "a"sv,         "A"sv,        "a "sv,   "a\0"sv,
      "a\0b"sv,    "a\0c"sv, "\xc3\xa9"sv, "e\xcc\x81"sv, "\xff\xff"sv, "\xff"sv, "'"sv,
      "'; DROP"sv, "\""sv,   "\\"sv,       "%"sv,         "_"sv,        "\r\n"sv, "*1\r\n$4\r\nPING\r\n"sv,
      "1"sv,       "1.0"sv,  "01"sv,       "NULL"sv,
  };
  std::vector<std::string> keys;
  if (trial.options().key_prefix.empty()) keys.push_back(trial.also(""));
  for (const std::string_view name : kNames) keys.push_back(trial.key(name));
  for (const std::string& key : keys) trial.must_write(trial.put(key, key), "put the key " + printable(key));
  for (const std::string& key : keys) trial.must_have(key, key, "put keys that differ in one byte, among them this");
}

void longest_key(Trial& trial) {
  const std::string prefix = trial.key("");
  const std::string key = trial.also(prefix + noise(kKeyBytesMax - prefix.size(), 7));
  const WriteResult result = trial.write_one(trial.put(key, "long"));
  const std::string did = "put a key of 65,535 bytes";
  if (result.outcome == WriteResult::Outcome::kDone) {
    trial.must_have(key, "long", did);
    if (trial.must_write(trial.erase(key), "erase a key of 65,535 bytes")) trial.must_miss(key, did + ", erase it");
  } else {
    trial.require(result.outcome == WriteResult::Outcome::kNever, did, "done or never", printable(result));
    trial.must_miss(key, did + ", which was refused");
  }
}

void ends_are_kept(Trial& trial) {
  const std::string key = trial.key("value");
  const UnixTime year_2500{16'725'225'600'001ms};
  for (const UnixTime end : {in(1h), in(1h + 1ms), in(24h * 365 + 999ms), year_2500}) {
    const std::string did = "put a value that ends at " + std::to_string(end.time_since_epoch().count()) + " ms";
    if (trial.must_write(trial.put(key, "ends", end), did)) trial.must_have(key, "ends", end, did);
  }
  if (trial.must_write(trial.put(key, "endless"), "put without an end")) {
    trial.must_have(key, "endless", "put with an end, put without one");
  }
  if (trial.must_write(trial.put(key, "endless", in(2h)), "put with an end again") &&
      trial.must_write(trial.erase(key), "erase") && trial.must_write(trial.put(key, "new"), "put without an end")) {
    trial.must_have(key, "new", "put with an end, erase, put without one");
  }
}

// Whether or not the store has removed it: if it gives it, then with its end.
void ended_value(Trial& trial) {
  const std::string key = trial.key("value");
  const UnixTime end = in(-1h);
  if (!trial.must_write(trial.put(key, "old"), "put") ||
      !trial.must_write(trial.put(key, "ended", end), "put a value that has ended an hour ago")) {
    return;
  }
  const Lookup<StoredValue> found = trial.load(key);
  trial.require(found.missing() || is(found, "ended", end), "put a value that has ended, then load",
                "a miss, or the value with its end", printable(found));
  if (trial.must_write(trial.put(key, "new"), "put over a value that has ended")) {
    trial.must_have(key, "new", "put over a value that has ended");
  }
}

void put_over_put(Trial& trial) {
  const std::string key = trial.key("value");
  for (const std::string_view bytes : {"first", "second, which is longer", "3", "", "fifth"}) {
    if (trial.must_write(trial.put(key, bytes), "put over put")) trial.must_have(key, bytes, "put over put");
  }
}

// Each over the one before it. A store for strings alone says so.
void types_round_trip(Trial& trial) {
  const std::string key = trial.key("value");
  constexpr ValueType kTypes[] = {ValueType::kHash,      ValueType::kString, ValueType::kList,  ValueType::kSet,
                                  ValueType::kSortedSet, ValueType::kHash,   ValueType::kString};
  std::optional<UnixTime> end;
  for (const ValueType type : kTypes) {
    const std::string bytes = noise(300, static_cast<std::uint64_t>(type));
    Mutation put = trial.put(key, bytes, end);
    put.type = type;
    const std::string did = "put a value of type " + std::to_string(static_cast<int>(type));
    const WriteResult result = trial.write_one(put);
    if (type != ValueType::kString && result.outcome == WriteResult::Outcome::kNever) continue;
    if (!trial.require(result.outcome == WriteResult::Outcome::kDone, did, "done, or never", printable(result))) return;
    const Lookup<StoredValue> found = trial.load(key);
    trial.require(is(found, bytes, end, type), did + ", then load", "these bytes, their end, and this type",
                  printable(found, bytes));
    end = end ? std::nullopt : std::optional(in(1h));
  }
}

void erase(Trial& trial) {
  const std::string key = trial.key("value");
  const std::string other = trial.key("value of another");
  trial.must_write({trial.put(key, "here"), trial.put(other, "there")}, "put two keys");
  if (trial.must_write(trial.erase(key), "erase one of two")) trial.must_miss(key, "erase");
  trial.must_have(other, "there", "erase another key that begins alike");
  if (trial.must_write(trial.put(key, "again"), "put after erase")) trial.must_have(key, "again", "erase, put");
}

void erase_of_nothing(Trial& trial) {
  const std::string key = trial.key("value");
  trial.must_write(trial.erase(key), "erase what is not there");
  trial.must_miss(key, "erase what is not there");
}

void loads_of_many(Trial& trial) {
  std::vector<std::string> keys;
  keys.reserve(40);
  for (int i = 0; i < 40; ++i) keys.push_back(trial.key(std::to_string(i)));
  for (std::size_t i = 0; i < keys.size(); i += 3) {
    const std::optional<UnixTime> end = i % 2 == 0 ? std::optional(in(1h + Milliseconds(i))) : std::nullopt;
    trial.must_write(trial.put(keys[i], noise(i * 11, i), end), "put every third of 40 keys");
  }
  std::vector<std::string_view> asked;
  asked.reserve(60);
  for (std::size_t i = 0; i < 60; ++i) asked.push_back(keys[i * 7 % keys.size()]);  // some twice, in no order
  for (const std::size_t count : {asked.size(), std::size_t{1}, std::size_t{0}}) {
    std::vector<Lookup<StoredValue>> found(count);
    trial.store().load_many(std::span(asked).first(count), found);
    for (std::size_t i = 0; i < count; ++i) {
      const Lookup<StoredValue> alone = trial.load(asked[i]);
      const bool same = alone ? is(found[i], alone->bytes, alone->expires_at) && found[i]->version == alone->version
                              : found[i].missing() && alone.missing();
      trial.require(same, "load_many of " + std::to_string(count) + " keys, result " + std::to_string(i),
                    printable(alone) + " as load gives",
                    alone ? printable(found[i], alone->bytes) : printable(found[i]));
    }
  }
}

}  // namespace

std::span<const Check> value_checks() {
  static constexpr Check kChecks[] = {
      {"missing_key", "a row that is not there is given as an empty value: give {} for it", missing_key},
      {"found_at_once", "a write needs something that is not there yet: the text of its status should say what",
       found_at_once},
      {"values_round_trip",
       "bytes are kept as text, or end at the first NUL: bind them with their length, to a binary column",
       values_round_trip},
      {"keys_round_trip",
       "keys are kept as text, whose collation folds case or trims spaces: use a binary column, and compare bytes",
       keys_round_trip},
      {"longest_key", "long keys are cut, or throw: answer never for those above the limit of the column or index",
       longest_key},
      {"ends_are_kept",
       "expires_at is left out, rounded, or stays from the value before: write it with each put, none as well",
       ends_are_kept},
      {"ended_value", "what has ended is refused, or loses its end: keep it with its end, or remove it", ended_value},
      {"put_over_put", "an INSERT where there must be an UPDATE if the row is there, or the other way round",
       put_over_put},
      {"types_round_trip",
       "Mutation::type is not kept, or not given back: a collection would come back as a string of strange bytes; keep "
       "it beside the bytes, or answer never to what is no string",
       types_round_trip},
      {"erase", "the statement matches no row, or others that begin alike", erase},
      {"erase_of_nothing", "that no row was deleted is taken for a failure: it is done", erase_of_nothing},
      {"loads_of_many",
       "found[] is in the order of the database, and not of keys[], or a key that is asked for twice is answered once",
       loads_of_many},
  };
  return kChecks;
}

}  // namespace larder::stores::conformance
