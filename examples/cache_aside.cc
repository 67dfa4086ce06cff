// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Cache-aside: rows of a database (SQLite, in memory) are read through get_or_load; a write goes to the database, and
// then the cached copy is invalidated.
//
// However many threads ask for a missing answer at once, one of them asks the database and all get what it found.
#include <sqlite3.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "larder/cache.h"

namespace {

using namespace std::chrono_literals;
using namespace larder::literals;

// A table of products, and how often it was asked.
class Products {
 public:
  Products() {
    sqlite3_open(":memory:", &database_);
    execute("CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT, price INTEGER)");
    execute("INSERT INTO products VALUES (1, 'jam', 349), (2, 'honey', 599), (3, 'pickles', 279)");
  }
  ~Products() { sqlite3_close(database_); }
  Products(const Products&) = delete;
  Products& operator=(const Products&) = delete;

  // "name: price", nothing if there is no such product, or an error: what a loader may answer.
  larder::Loaded find(int id) {
    const std::lock_guard lock(mutex_);
    ++questions_;
    sqlite3_stmt* statement = nullptr;
    const char* sql = "SELECT name || ': ' || price FROM products WHERE id = ?";
    if (sqlite3_prepare_v2(database_, sql, -1, &statement, nullptr) != SQLITE_OK) {
      return larder::Status(larder::ErrorCode::kLoadFailed, sqlite3_errmsg(database_));
    }
    sqlite3_bind_int(statement, 1, id);
    larder::Loaded found = std::nullopt;
    if (sqlite3_step(statement) == SQLITE_ROW) {
      found = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
    }
    sqlite3_finalize(statement);
    return found;
  }

  void execute(const char* sql) {
    const std::lock_guard lock(mutex_);
    sqlite3_exec(database_, sql, nullptr, nullptr, nullptr);
  }

  int questions() const { return questions_; }

 private:
  std::mutex mutex_;
  sqlite3* database_ = nullptr;
  std::atomic<int> questions_{0};
};

larder::Lookup<std::string> product(larder::Cache& cache, Products& products, int id) {
  // "There is no such product" is remembered, too, for ten seconds.
  return cache.get_or_load("product:" + std::to_string(id), [&] { return products.find(id); },
                           {.ttl = 5min, .negative_ttl = 10s});
}

}  // namespace

int main() {
  Products products;
  larder::Cache cache({.max_memory = 16_MiB});

  std::atomic<int> right{0};
  {
    std::vector<std::jthread> shoppers;
    for (int i = 0; i < 8; ++i) {
      shoppers.emplace_back([&] { right += product(cache, products, 2).value_or("") == "honey: 599" ? 1 : 0; });
    }
  }
  std::printf("8 threads asked for product 2: %d right answers, the database was asked %d time(s)\n", right.load(),
              products.questions());
  if (right != 8 || products.questions() != 1) return 1;

  // The database first, then the cached copy.
  products.execute("UPDATE products SET price = 649 WHERE id = 2");
  cache.invalidate("product:2");
  const auto dearer = product(cache, products, 2);
  std::printf("after an update: %s\n", dearer.value_or("(missing)").c_str());
  if (dearer.value_or("") != "honey: 649" || products.questions() != 2) return 1;

  const bool missed_twice = product(cache, products, 9).missing() && product(cache, products, 9).missing();
  std::printf("product 9, asked for twice: %s, the database was asked once\n", missed_twice ? "not there" : "found?");
  if (!missed_twice || products.questions() != 3) return 1;

  // A failure is a value, with what the database said in it.
  products.execute("DROP TABLE products");
  const auto failed = product(cache, products, 3);
  std::printf("without the table: %s\n", failed.status().to_string().c_str());
  return failed.status().code() == larder::ErrorCode::kLoadFailed ? 0 : 1;
}
