// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// A cache of query results whose rows invalidate by version. A result is made of many rows, and a row is in many
// results: nobody knows which results an update makes wrong. So each set of rows (a table, an author's books) has a
// version in the cache, which is part of the key of every result made of it. An update raises it: from then on nobody
// asks for the old results, and they are evicted as what nobody asks for is.
//
// The database is SQLite, in memory.
#include <sqlite3.h>

#include <chrono>
#include <cstdio>
#include <string>

#include "larder/cache.h"

namespace {

using namespace std::chrono_literals;

class Library {
 public:
  Library() {
    sqlite3_open(":memory:", &database_);
    run("CREATE TABLE books (title TEXT, author TEXT, pages INTEGER)");
    run("INSERT INTO books VALUES ('Emma', 'austen', 474), ('Persuasion', 'austen', 249), ('Dubliners', 'joyce', 152)");
  }
  ~Library() { sqlite3_close(database_); }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  void run(const std::string& sql) { sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr); }

  // The rows in one text; or the error that there was instead.
  larder::Loaded ask(const std::string& sql) {
    ++questions;
    std::string rows;
    const auto add = [](void* text, int columns, char** values, char**) {
      for (int i = 0; i < columns; ++i) *static_cast<std::string*>(text) += std::string(values[i]) + " ";
      return 0;
    };
    char* error = nullptr;
    if (sqlite3_exec(database_, sql.c_str(), add, &rows, &error) == SQLITE_OK) return rows;
    larder::Status status(larder::ErrorCode::kLoadFailed, error);
    sqlite3_free(error);
    return status;
  }

  int questions = 0;

 private:
  sqlite3* database_ = nullptr;
};

class Queries {
 public:
  Queries(larder::Cache& cache, Library& library) : cache_(cache), library_(library) {}

  // What a query of one author's books gives. The version is read before the database is asked: a result that an update
  // has overtaken is kept under a version that is asked for no more.
  larder::Lookup<std::string> of_author(const std::string& author, const std::string& columns) {
    const std::string version = cache_.get_or_load("version:" + author, now).value_or(now());
    const std::string key = "books:" + author + ":" + version + ":" + columns;
    return cache_.get_or_load(
        key, [&] { return library_.ask("SELECT " + columns + " FROM books WHERE author = '" + author + "'"); },
        {.ttl = 1h});
  }

  // First the database, then the version.
  void update(const std::string& author, const std::string& sql) {
    library_.run(sql);
    cache_.set("version:" + author, now());
  }

 private:
  // A version that there has not been before, also after this one was evicted.
  static std::string now() { return std::to_string(std::chrono::steady_clock::now().time_since_epoch().count()); }

  larder::Cache& cache_;
  Library& library_;
};

bool is(const larder::Lookup<std::string>& answer, const char* expected) {
  std::printf("%s\n", answer ? answer->c_str() : answer.status().to_string().c_str());
  return answer.value_or("") == expected;
}

}  // namespace

int main() {
  Library library;
  larder::Cache cache;
  Queries queries(cache, library);

  const bool first = is(queries.of_author("austen", "title"), "Emma Persuasion ") &&
                     is(queries.of_author("austen", "sum(pages)"), "723 ") &&
                     is(queries.of_author("joyce", "title"), "Dubliners ") &&
                     is(queries.of_author("austen", "title"), "Emma Persuasion ");
  if (!first || library.questions != 3) return 1;

  // One row changes, and with it every result in which it may be, and no other.
  queries.update("austen", "UPDATE books SET pages = 250 WHERE title = 'Persuasion'");
  const bool second = is(queries.of_author("austen", "sum(pages)"), "724 ") &&
                      is(queries.of_author("austen", "title"), "Emma Persuasion ") &&
                      is(queries.of_author("joyce", "title"), "Dubliners ");
  return second && library.questions == 5 ? 0 : 1;
}
