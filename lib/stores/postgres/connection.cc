// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
#include "stores/postgres/connection.h"

#include <poll.h>

#include <array>
#include <bit>
#include <cstring>
#include <random>

#include "stores/table.h"

namespace larder::stores::postgres {
namespace {

constexpr Oid kBigint = 20;
constexpr Oid kBytea = 17;

struct Prepared {
  const char* name;
  std::vector<Oid> types;
  const char* sql;
};

// <t> is the table. Of the values, $1 is the key.
const std::vector<Prepared>& statements() {
  static const std::vector<Prepared> all = {
      {"load",
       {kBytea, kBigint},
       "SELECT type::bigint, version, expires_at, CASE version WHEN $2 THEN NULL ELSE bytes END FROM <t> WHERE key = "
       "$1"},
      {"put",
       {kBytea, kBigint, kBigint, kBytea, kBigint},  // $5: the sequence of the write
       "INSERT INTO <t> (key, type, expires_at, bytes, sequence) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (key) DO "
       "UPDATE SET type = excluded.type, version = excluded.version, expires_at = excluded.expires_at, "
       "sequence = excluded.sequence, bytes = excluded.bytes RETURNING version"},
      // These expect a version, and give a row if they are done, now or before.
      {"put_new",
       {kBytea, kBigint, kBigint, kBytea, kBigint, kBigint},  // $6: now
       "WITH written AS (INSERT INTO <t> AS old (key, type, expires_at, bytes, sequence) VALUES ($1, $2, $3, $4, $5) "
       "ON CONFLICT (key) DO UPDATE SET type = excluded.type, version = excluded.version, "
       "expires_at = excluded.expires_at, sequence = excluded.sequence, bytes = excluded.bytes "
       "WHERE old.expires_at <= $6 AND old.sequence IS DISTINCT FROM excluded.sequence RETURNING version) "
       "SELECT version FROM written UNION ALL "
       "SELECT version FROM <t> WHERE key = $1 AND sequence = $5 AND NOT EXISTS (SELECT FROM written)"},
      {"put_over",
       {kBytea, kBigint, kBigint, kBytea, kBigint, kBigint},  // $6: the version that it must have
       "WITH written AS (UPDATE <t> SET type = $2, version = DEFAULT, expires_at = $3, sequence = $5, bytes = $4 "
       "WHERE key = $1 AND version = $6 RETURNING version) "
       "SELECT version FROM written UNION ALL "
       "SELECT version FROM <t> WHERE key = $1 AND sequence = $5 AND NOT EXISTS (SELECT FROM written)"},
      // FOR UPDATE sees what others have just erased. No row has version 0.
      {"erase_over",
       {kBytea, kBigint, kBigint},  // $2: the version, $3: now
       "WITH erased AS (DELETE FROM <t> WHERE key = $1 AND (version = $2 OR expires_at <= $3) RETURNING key) "
       "SELECT 0::bigint WHERE EXISTS (SELECT FROM erased) OR NOT EXISTS (SELECT FROM <t> WHERE key = $1 FOR UPDATE)"},
      {"erase", {kBytea}, "DELETE FROM <t> WHERE key = $1"},
      {"remove_expired",
       {kBigint, kBigint},
       "DELETE FROM <t> WHERE key IN (SELECT key FROM <t> WHERE expires_at <= $1 LIMIT $2) AND expires_at <= $1"},
      {"begin", {}, "BEGIN"},
      {"commit", {}, "COMMIT"},
      {"rollback", {}, "ROLLBACK"},
      {"kill",
       {kBigint},
       "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND "
       "database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND "
       "classid::bigint = ($1 >> 32) & 4294967295 AND objid::bigint = $1 & 4294967295 AND pid <> pg_backend_pid()"},
      {"bound_wait", {kBigint}, "SELECT set_config('lock_timeout', $1::text, true)"},
      {"await_end", {kBigint}, "SELECT pg_advisory_xact_lock($1)"},
  };
  return all;
}

// A put takes the next version, also by others' INSERT; what others change with UPDATE, and does not have both a new
// version and a new sequence, gets one by the trigger, and no write of a store has made it. Made under a lock of its
// own: IF NOT EXISTS fails where two make it at once.
constexpr const char* kTableParts[] = {
    "SELECT pg_advisory_xact_lock(5504332872531280)",
    R"(CREATE SEQUENCE IF NOT EXISTS "<t>_version")",
    R"(CREATE TABLE IF NOT EXISTS "<t>" (
      key bytea PRIMARY KEY,
      type smallint NOT NULL DEFAULT 1,
      version bigint NOT NULL DEFAULT nextval('"<t>_version"'),
      expires_at bigint,
      sequence bigint,
      bytes bytea NOT NULL))",
    R"(ALTER SEQUENCE "<t>_version" OWNED BY "<t>".version)",
    R"(CREATE INDEX IF NOT EXISTS "<t>_expires_at" ON "<t>" (expires_at) WHERE expires_at IS NOT NULL)",
    R"(CREATE OR REPLACE FUNCTION "<t>_changed"() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN NEW.version := nextval('"<t>_version"'); NEW.sequence := NULL; RETURN NEW; END $$)",
    R"(DROP TRIGGER IF EXISTS "<t>_changed" ON "<t>")",
    R"(CREATE TRIGGER "<t>_changed" BEFORE UPDATE ON "<t>" FOR EACH ROW
      WHEN (NEW.version = OLD.version OR NEW.sequence IS NOT DISTINCT FROM OLD.sequence) EXECUTE FUNCTION "<t>_changed"())",
};

std::array<char, 8> big_endian(std::int64_t number) {
  std::array<char, 8> bytes{};
  for (int i = 0; i < 8; ++i) bytes[static_cast<std::size_t>(i)] = static_cast<char>(number >> (56 - 8 * i));
  return bytes;
}

std::int64_t random_number() {
  std::random_device device;
  return static_cast<std::int64_t>(std::uint64_t{device()} << 32 | device());
}

std::string trimmed(const char* text) {
  std::string line = text == nullptr ? "" : text;
  while (!line.empty() && (line.back() == '\n' || line.back() == ' ')) line.pop_back();
  return line;
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open(const Options& options, bool make_table) {
  std::unique_ptr<Connection> made(new Connection(options.statement_timeout));
  if (Status status = made->connect(options); !status.ok()) return status;
  if (Status status = made->set_up(options, make_table); !status.ok()) return status;
  return made;
}

Connection::~Connection() = default;

Status Connection::connect(const Options& options) {
  const auto failed = [](const std::string& why) {
    return Status(ErrorCode::kStoreFailed, "PostgreSQL: no connection: " + why);
  };
  const char* const names[] = {"dbname", "fallback_application_name", nullptr};
  const char* const values[] = {options.conninfo.c_str(), "larder", nullptr};
  connection_.reset(PQconnectStartParams(names, values, 1));
  if (connection_ == nullptr) return failed("no memory");
  PQsetNoticeProcessor(
      connection_.get(), [](void*, const char*) {}, nullptr);  // it would print them
  const Deadline deadline(options.connect_timeout);
  PostgresPollingStatusType needs = PGRES_POLLING_WRITING;
  while (PQstatus(connection_.get()) != CONNECTION_BAD && needs != PGRES_POLLING_OK && needs != PGRES_POLLING_FAILED) {
    pollfd socket{PQsocket(connection_.get()), static_cast<short>(needs == PGRES_POLLING_READING ? POLLIN : POLLOUT),
                  0};
    const int ready = poll(&socket, 1, deadline.left_ms());
    if (ready == 0) return failed("it took longer than connect_timeout");
    needs = PQconnectPoll(connection_.get());
  }
  if (PQstatus(connection_.get()) != CONNECTION_OK) return failed(trimmed(PQerrorMessage(connection_.get())));
  if (PQsetnonblocking(connection_.get(), 1) != 0 || PQenterPipelineMode(connection_.get()) != 1) {
    return failed("libpq refuses the pipeline mode");
  }
  return {};
}

Status Connection::set_up(const Options& options, bool make_table) {
  const std::string time = std::to_string(statement_timeout_.count());
  lock_ = random_number();
  const std::string settings = "SELECT set_config('statement_timeout', '" + time +
                               "', false), set_config('idle_in_transaction_session_timeout', '" + time +
                               "', false), pg_advisory_lock(" + std::to_string(lock_) + ")";
  if (Status status = run_text(settings); !status.ok()) return status;
  if (make_table) {
    if (Status status = this->make_table(options.table); !status.ok()) return status;
  }
  return prepare_all('"' + options.table + '"');
}

Status Connection::make_table(const std::string& table) {
  // Where it is there, the right to make one is not needed.
  Status status = run_text("SELECT FROM \"" + table + "\" LIMIT 0");
  if (status.ok()) return check_table(table);
  if (!usable()) return status;
  status = run_text("BEGIN");
  for (const char* part : kTableParts) {
    if (status.ok()) status = run_text(with_table(part, table));
  }
  return status.ok() ? run_text("COMMIT") : status;
}

Status Connection::check_table(const std::string& table) {
  static const Column kOurs[] = {{"key", "bytea UNIQUE"},  {"type", "smallint"},   {"version", "bigint"},
                                 {"expires_at", "bigint"}, {"sequence", "bigint"}, {"bytes", "bytea"}};
  Rows rows;
  const std::string sql = with_table(R"(
    SELECT attname::text, format_type(atttypid, atttypmod) ||
      CASE WHEN attname = 'version' AND NOT given THEN ' without DEFAULT' ELSE '' END || CASE WHEN EXISTS (
        SELECT FROM pg_index WHERE indrelid = attrelid AND indisunique AND indimmediate AND indpred IS NULL AND
        indkey::text = attnum::text) THEN ' UNIQUE' ELSE '' END
    FROM pg_attribute, LATERAL (SELECT atthasdef OR attidentity <> '' AS given) AS d
    WHERE attrelid = '"<t>"'::regclass AND attnum > 0 AND NOT attisdropped AND (attnotnull AND NOT given OR
      attname IN ('key', 'type', 'version', 'expires_at', 'sequence', 'bytes')))",
                                     table);
  if (Status status = run_text(sql, &rows); !status.ok()) return status;
  std::vector<Column> theirs;
  theirs.reserve(static_cast<std::size_t>(PQntuples(rows.get())));
  for (int i = 0; i < PQntuples(rows.get()); ++i) {
    theirs.push_back({PQgetvalue(rows.get(), i, 0), PQgetvalue(rows.get(), i, 1)});
  }
  const std::string wrong = wrong_with(table, kOurs, theirs);
  return wrong.empty() ? Status() : Status(ErrorCode::kStoreFailed, "PostgreSQL: " + wrong);
}

Status Connection::prepare_all(const std::string& quoted_table) {
  const Deadline deadline(2 * statement_timeout_);
  busy_ = true;
  bool sent = true;
  for (const Prepared& one : statements()) {
    sent = sent && PQsendPrepare(connection_.get(), one.name, with_table(one.sql, quoted_table).c_str(),
                                 static_cast<int>(one.types.size()), one.types.data()) == 1;
  }
  Answer answer;
  if (sent && PQpipelineSync(connection_.get()) == 1) answer = receive(statements().size(), deadline);
  if (answer.outcome == Answer::Outcome::kDone) return {};
  return {ErrorCode::kStoreFailed, "PostgreSQL: the table cannot be used: " + answer.error};
}

Status Connection::run_text(const std::string& sql, Rows* rows) {
  const Deadline deadline(2 * statement_timeout_);
  busy_ = true;
  Answer answer;
  if (PQsendQueryParams(connection_.get(), sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 1) == 1 &&
      PQpipelineSync(connection_.get()) == 1) {
    answer = receive(1, deadline);
  }
  if (answer.outcome != Answer::Outcome::kDone) return {ErrorCode::kStoreFailed, "PostgreSQL: " + answer.error};
  if (rows != nullptr) *rows = std::move(answer.rows[0]);
  return {};
}

bool Connection::usable() {
  if (busy_) return false;
  constexpr int kMessagesMax = 64;  // what a server says to an idle session: notices, and that it ends
  for (int i = 0; i < kMessagesMax; ++i) {
    pollfd socket{PQsocket(connection_.get()), POLLIN, 0};
    if (poll(&socket, 1, 0) == 0) return PQstatus(connection_.get()) == CONNECTION_OK;
    if (PQconsumeInput(connection_.get()) != 1) return false;
    if (PQisBusy(connection_.get()) != 0) continue;  // it looks at what came
    if (PQstatus(connection_.get()) != CONNECTION_OK) return false;
  }
  return false;
}

bool Connection::send(const Call& call) {
  std::array<std::array<char, 8>, 8> numbers;
  std::array<const char*, 8> values{};
  std::array<int, 8> lengths{};
  std::array<int, 8> formats{};
  for (std::size_t i = 0; i < call.values.size(); ++i) {
    formats[i] = 1;
    if (const auto* number = std::get_if<std::int64_t>(&call.values[i])) {
      numbers[i] = big_endian(*number);
      values[i] = numbers[i].data();
      lengths[i] = 8;
    } else if (const auto* bytes = std::get_if<std::string_view>(&call.values[i])) {
      values[i] = bytes->data() == nullptr ? "" : bytes->data();  // no address is null
      lengths[i] = static_cast<int>(bytes->size());
    }
  }
  return PQsendQueryPrepared(connection_.get(), call.statement, static_cast<int>(call.values.size()), values.data(),
                             lengths.data(), formats.data(), 1) == 1;
}

std::vector<Answer> Connection::run(std::span<const std::vector<Call>> segments) {
  std::vector<Answer> answers(segments.size());
  const Deadline deadline(2 * statement_timeout_);
  busy_ = true;
  bool sent = true;
  for (const std::vector<Call>& segment : segments) {
    for (const Call& call : segment) sent = sent && send(call);
    sent = sent && PQpipelineSync(connection_.get()) == 1;
  }
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (!sent) {
      note_broken(&answers[i]);
      continue;
    }
    answers[i] = receive(segments[i].size(), deadline);
    // receive() has cleared it; there is more to come.
    const bool broke = answers[i].outcome == Answer::Outcome::kNotKnown;
    busy_ = broke || i + 1 != segments.size();
    sent = !broke;
  }
  return answers;
}

Answer Connection::run_one(std::vector<Call> calls) {
  const std::array<std::vector<Call>, 1> segments = {std::move(calls)};
  return std::move(run(segments).front());
}

// Sends what is left to be sent, and takes what has come.
bool Connection::wait(const Deadline& deadline) {
  const int left = PQflush(connection_.get());
  if (left < 0) {
    // The server may have said why, before it closed.
    return PQconsumeInput(connection_.get()) == 1;
  }
  pollfd socket{PQsocket(connection_.get()), static_cast<short>(left == 0 ? POLLIN : POLLIN | POLLOUT), 0};
  if (poll(&socket, 1, deadline.left_ms()) == 0) return false;
  return (socket.revents & ~POLLOUT) == 0 || PQconsumeInput(connection_.get()) == 1;
}

bool Connection::next(Rows* rows, const Deadline& deadline) {
  while (PQflush(connection_.get()) == 1 || PQisBusy(connection_.get()) != 0) {
    if (!wait(deadline)) return false;
  }
  rows->reset(PQgetResult(connection_.get()));
  return PQstatus(connection_.get()) == CONNECTION_OK;
}

void Connection::note_broken(Answer* answer) {
  answer->outcome = Answer::Outcome::kNotKnown;
  if (!answer->error.empty()) return;
  answer->error = trimmed(PQerrorMessage(connection_.get()));
  if (answer->error.empty()) answer->error = "no answer within twice statement_timeout";
}

// Of one segment: each call gives a result and a null, and then it is in step.
Answer Connection::receive(std::size_t calls, const Deadline& deadline) {
  Answer answer{.outcome = Answer::Outcome::kDone};
  for (std::size_t nulls = 0; nulls <= calls + 1;) {
    Rows rows;
    if (!next(&rows, deadline)) {
      note_broken(&answer);
      return answer;
    }
    if (rows == nullptr) {
      ++nulls;
      continue;
    }
    switch (PQresultStatus(rows.get())) {
      case PGRES_PIPELINE_SYNC: busy_ = false; return answer;
      case PGRES_TUPLES_OK:
      case PGRES_COMMAND_OK: answer.rows.push_back(std::move(rows)); break;
      case PGRES_PIPELINE_ABORTED: break;
      default: {
        const char* state = PQresultErrorField(rows.get(), PG_DIAG_SQLSTATE);
        const char* severity = PQresultErrorField(rows.get(), PG_DIAG_SEVERITY_NONLOCALIZED);
        answer.outcome = Answer::Outcome::kRefused;
        answer.state = state == nullptr ? "" : state;
        answer.error = trimmed(PQresultErrorMessage(rows.get()));
        // The session ends, and may have done its work before.
        if (severity == nullptr || std::strcmp(severity, "ERROR") != 0) {
          note_broken(&answer);
          return answer;
        }
      }
    }
  }
  note_broken(&answer);  // libpq is out of step
  return answer;
}

bool Connection::end(Identity lock) {
  const std::int64_t wait_ms = std::max<std::int64_t>(statement_timeout_.count() / 2, 1);
  const std::array<std::vector<Call>, 2> segments = {
      std::vector<Call>{{"kill", {lock}}},
      std::vector<Call>{{"bound_wait", {wait_ms}}, {"await_end", {lock}}},
  };
  return run(segments)[1].outcome == Answer::Outcome::kDone;
}

}  // namespace larder::stores::postgres
