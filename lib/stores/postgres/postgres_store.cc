// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A batch is one transaction and one round trip. If something in it fails, each unit is sent again as a transaction of
// its own, still in one round trip. Only a group that expects versions takes two: what it has changed is looked at
// before it is committed.
//
// A write whose connection breaks leaves a session behind that may still commit. The store ends it before anything else
// is read or written (stores/sessions.h).
#include "larder/stores/postgres_store.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "stores/batch.h"
#include "stores/complaints.h"
#include "stores/postgres/connection.h"
#include "stores/sessions.h"

namespace larder {

using stores::Sessions;
using stores::Unit;
using stores::postgres::Answer;
using stores::postgres::Call;
using stores::postgres::Connection;
using stores::postgres::Value;

struct PostgresStore::State : Sessions<Connection> {
  explicit State(const PostgresStoreOptions& given)
      : Sessions(given, 2 * given.statement_timeout), clock(given.clock == nullptr ? Clock::system() : *given.clock) {}

  Clock& clock;
};

namespace {

std::int64_t number_at(const PGresult* rows, int column) {
  const char* bytes = PQgetvalue(rows, 0, column);
  std::uint64_t number = 0;
  for (int i = 0; i < 8; ++i) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return static_cast<std::int64_t>(number);
}

Lookup<StoredValue> value_of(const PGresult* rows) {
  if (PQntuples(rows) == 0) return {};
  StoredValue found;
  found.type = static_cast<ValueType>(number_at(rows, 0));
  found.version = static_cast<std::uint64_t>(number_at(rows, 1));
  if (PQgetisnull(rows, 0, 2) == 0) found.expires_at = UnixTime(Milliseconds(number_at(rows, 2)));
  if (PQgetisnull(rows, 0, 3) == 0) {
    found.bytes.assign(PQgetvalue(rows, 0, 3), static_cast<std::size_t>(PQgetlength(rows, 0, 3)));
  }
  return found;
}

// Of a unit whose transaction was rolled back, by the class of its SQLSTATE.
WriteResult refused(const Answer& answer) {
  const std::string kind = answer.state.substr(0, 2);
  const std::string why = "PostgreSQL: " + answer.error + " (SQLSTATE " + answer.state + ")";
  // Bad data, a constraint, a limit of the server, an exception of a trigger: the mutation's own fault.
  if (kind == "22" || kind == "23" || kind == "54" || answer.state == "P0001") return WriteResult::never(why);
  return WriteResult::retry(why);
}

// One batch.
class Writing {
 public:
  Writing(Connection& connection, std::span<const Mutation> batch, std::span<WriteResult> results, UnixTime now)
      : connection_(connection), batch_(batch), results_(results), now_ms_(now.time_since_epoch().count()) {}

  // False: the connection broke with a write under way.
  bool run(std::vector<Unit>& units) {
    for (Unit& unit : units) unit = in_lock_order({&unit, 1});
    bool simple = true;
    for (const Unit& unit : units) simple = simple && !is_guarded_group(unit);
    if (simple && units.size() > 1) {
      const Unit all = in_lock_order(units);
      std::vector<Call> calls;
      add(all, &calls);
      const Answer answer = connection_.run_one(std::move(calls));
      if (answer.outcome == Answer::Outcome::kDone) {
        std::size_t row = 0;
        for (const std::size_t i : all) take({i}, answer, &row);  // what is guarded is alone
        return true;
      }
      if (answer.outcome == Answer::Outcome::kNotKnown) return not_known(units, answer);
    }
    for (std::size_t first = 0; first < units.size();) {
      std::size_t end = first;
      while (end < units.size() && !is_guarded_group(units[end])) ++end;
      const std::span<const Unit> all(units);
      if (end != first && !run_apart(all.subspan(first, end - first))) return not_sent(all.subspan(end));
      if (end != units.size() && !run_guarded(units[end])) return not_sent(all.subspan(end + 1));
      first = end + 1;
    }
    return true;
  }

 private:
  // Of all units, by key: transactions that take the locks of rows in one order do not wait for each other in a circle.
  // Stable, for what may come after another state of its key.
  Unit in_lock_order(std::span<const Unit> units) const {
    Unit all;
    for (const Unit& unit : units) all.insert(all.end(), unit.begin(), unit.end());
    std::stable_sort(all.begin(), all.end(),
                     [&](std::size_t a, std::size_t b) { return batch_[a].key < batch_[b].key; });
    return all;
  }

  bool is_guarded_group(const Unit& unit) const {
    if (unit.size() == 1) return false;
    for (const std::size_t i : unit) {
      if (batch_[i].expected_version) return true;
    }
    return false;
  }

  // One call for each mutation. A guarded one gives a row if it is done, and none if there is another version.
  void add(const Unit& unit, std::vector<Call>* calls) const {
    for (const std::size_t i : unit) {
      const Mutation& one = batch_[i];
      const std::int64_t expected = static_cast<std::int64_t>(one.expected_version.value_or(0));
      if (!one.is_put()) {
        one.expected_version ? calls->push_back({"erase_over", {one.key, expected, now_ms_}})
                             : calls->push_back({"erase", {one.key}});
        continue;
      }
      const Value end = one.expires_at ? Value(std::int64_t{one.expires_at->time_since_epoch().count()}) : Value();
      std::vector<Value> values = {one.key, static_cast<std::int64_t>(one.type), end, one.bytes,
                                   static_cast<std::int64_t>(one.sequence)};
      if (one.expected_version) values.emplace_back(expected == 0 ? now_ms_ : expected);
      calls->push_back({!one.expected_version ? "put" : expected == 0 ? "put_new" : "put_over", std::move(values)});
    }
  }

  // The place in the batch of the first mutation that found another version; or its size.
  std::size_t conflict_of(const Unit& unit, const Answer& answer, std::size_t row) const {
    for (const std::size_t i : unit) {
      if (batch_[i].expected_version && PQntuples(answer.rows[row].get()) == 0) return i;
      ++row;
    }
    return batch_.size();
  }

  // Answers a unit that was committed.
  void take(const Unit& unit, const Answer& answer, std::size_t* row) {
    const std::size_t conflict = conflict_of(unit, answer, *row);  // of a unit of one: then nothing was written
    for (const std::size_t i : unit) {
      const PGresult* rows = answer.rows[(*row)++].get();
      results_[i] = WriteResult::done(
          batch_[i].is_put() && PQntuples(rows) == 1 ? static_cast<std::uint64_t>(number_at(rows, 0)) : 0);
    }
    if (conflict != batch_.size()) stores::answer_conflict(unit, conflict, results_);
  }

  bool not_known(const std::vector<Unit>& units, const Answer& answer) {
    const std::string why = "PostgreSQL: the connection broke during the write: ";
    for (const Unit& unit : units) stores::answer(unit, WriteResult::unknown(why + answer.error), results_);
    return false;
  }

  bool not_sent(std::span<const Unit> units) {
    const WriteResult result = WriteResult::retry("PostgreSQL: the connection broke before this was sent");
    for (const Unit& unit : units) stores::answer(unit, result, results_);
    return false;
  }

  // Each unit in a transaction of its own.
  bool run_apart(std::span<const Unit> units) {
    std::vector<std::vector<Call>> segments(units.size());
    for (std::size_t i = 0; i < units.size(); ++i) add(units[i], &segments[i]);
    const std::vector<Answer> answers = connection_.run(segments);
    bool whole = true;
    for (std::size_t i = 0; i < units.size(); ++i) {
      std::size_t row = 0;
      switch (answers[i].outcome) {
        case Answer::Outcome::kDone: take(units[i], answers[i], &row); break;
        case Answer::Outcome::kRefused: stores::answer(units[i], refused(answers[i]), results_); break;
        case Answer::Outcome::kNotKnown: whole = not_known({units[i]}, answers[i]); break;
      }
    }
    return whole;
  }

  bool run_guarded(const Unit& unit) {
    std::vector<Call> calls = {{"begin", {}}};
    add(unit, &calls);
    const Answer tried = connection_.run_one(std::move(calls));
    if (tried.outcome == Answer::Outcome::kNotKnown) {
      // No commit was sent.
      stores::answer(unit, WriteResult::retry("PostgreSQL: the connection broke: " + tried.error), results_);
      return false;
    }
    const bool refusal = tried.outcome == Answer::Outcome::kRefused;
    const std::size_t conflict = refusal ? batch_.size() : conflict_of(unit, tried, 1);
    const bool good = !refusal && conflict == batch_.size();
    const Answer ended = connection_.run_one({{good ? "commit" : "rollback", {}}});
    if (refusal) {
      stores::answer(unit, refused(tried), results_);
    } else if (!good) {
      stores::answer_conflict(unit, conflict, results_);
    } else if (ended.outcome == Answer::Outcome::kDone) {
      std::size_t row = 1;
      take(unit, tried, &row);
    } else if (ended.outcome == Answer::Outcome::kRefused) {
      stores::answer(unit, refused(ended), results_);
    } else {
      return not_known({unit}, ended);
    }
    return ended.outcome != Answer::Outcome::kNotKnown;
  }

  Connection& connection_;
  const std::span<const Mutation> batch_;
  const std::span<WriteResult> results_;
  const std::int64_t now_ms_;
};

Status check(const PostgresStoreOptions& options) {
  stores::Complaints wrong;
  wrong.check_table(options.table);
  wrong.add_if(options.connections_max == 0, "connections_max is 0");
  wrong.check_time("connect_timeout", options.connect_timeout, Milliseconds{1});
  wrong.check_time("statement_timeout", options.statement_timeout, Milliseconds{1});
  wrong.add_if(options.value_bytes_max == 0, "value_bytes_max is 0");
  wrong.add_if(options.value_bytes_max > 1_GiB - 1_MiB, "value_bytes_max is above 1023 MiB");
  return wrong.status();
}

}  // namespace

PostgresStore::PostgresStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
PostgresStore::~PostgresStore() = default;

Result<std::shared_ptr<PostgresStore>> PostgresStore::open(const PostgresStoreOptions& options) {
  if (Status wrong = check(options); !wrong.ok()) return wrong;
  auto state = std::make_unique<State>(options);
  auto made = Connection::open(options, true);
  if (!made) return made.status();
  state->add(std::move(*made));
  return std::shared_ptr<PostgresStore>(new PostgresStore(std::move(state)));
}

Lookup<StoredValue> PostgresStore::load(std::string_view key) { return load_if_changed(key, 0); }

Lookup<StoredValue> PostgresStore::load_if_changed(std::string_view key, std::uint64_t version) {
  Status why;
  const auto lease = state_->lease(&why);
  if (lease.connection == nullptr) return why;
  const Answer answer = lease.connection->run_one({{"load", {key, static_cast<std::int64_t>(version)}}});
  if (answer.outcome == Answer::Outcome::kDone) return value_of(answer.rows[0].get());
  return Status(ErrorCode::kStoreFailed, "PostgreSQL: " + answer.error);
}

void PostgresStore::load_many(std::span<const std::string_view> keys, std::span<Lookup<StoredValue>> found) {
  Status why;
  const auto lease = state_->lease(&why);
  Answer answer{.outcome = Answer::Outcome::kRefused};
  if (lease.connection != nullptr) {
    std::vector<Call> calls;
    for (const std::string_view key : keys) calls.push_back({"load", {key, std::int64_t{0}}});
    answer = lease.connection->run_one(std::move(calls));
    if (answer.outcome != Answer::Outcome::kDone) why = Status(ErrorCode::kStoreFailed, "PostgreSQL: " + answer.error);
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    found[i] = why.ok() ? value_of(answer.rows[i].get()) : Lookup<StoredValue>(why);
  }
}

Status PostgresStore::write(std::span<const Mutation> batch, std::span<WriteResult> results) {
  return state_->write(batch, results, [&](Connection& connection, std::vector<Unit>& units) {
    return Writing(connection, batch, results, UnixTime(state_->clock.unix_time())).run(units);
  });
}

Result<std::uint64_t> PostgresStore::remove_expired(UnixTime now, std::uint64_t limit) {
  Status why;
  const auto lease = state_->lease(&why);
  if (lease.connection == nullptr) return why;
  const auto bounded = static_cast<std::int64_t>(std::min<std::uint64_t>(limit, INT64_MAX));
  const Answer answer =
      lease.connection->run_one({{"remove_expired", {std::int64_t{now.time_since_epoch().count()}, bounded}}});
  if (answer.outcome != Answer::Outcome::kDone) return Status(ErrorCode::kStoreFailed, "PostgreSQL: " + answer.error);
  return std::uint64_t{std::stoull(PQcmdTuples(answer.rows[0].get()))};
}

}  // namespace larder
