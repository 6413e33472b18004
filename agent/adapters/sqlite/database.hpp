// SQLite's connection and statements, with their ends taken care of and errors in our own kinds.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "platform/base/result.hpp"

namespace sundial::sqlite {

Error error_of(sqlite3* connection, int code);

// One prepared statement. Binding copies nothing: what is bound lives until reset().
class Statement {
 public:
  Statement() = default;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  Statement& bind(std::int64_t value);
  Statement& bind(std::string_view text);
  Statement& bind_blob(std::string_view bytes);
  Statement& bind_null();
  Statement& bind_optional(const std::optional<std::string>& text) {
    return text ? bind(std::string_view(*text)) : bind_null();
  }

  // True: there is a row; false: done, and the statement is ready to be bound again.
  Result<bool> step();
  // For statements that give no row.
  Result<void> run();
  void reset();

  std::int64_t number(int column) const;
  std::string text(int column) const;  // of a blob, its bytes
  bool is_null(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int next_ = 1;
  int bind_problem_ = SQLITE_OK;
};

class Database {
 public:
  enum class Access { read_write, read_only, damaged };  // damaged: reads also where pages are missing
  static Result<Database> open(const std::string& path, Access access);
  static Database closed() { return Database(nullptr); }

  Result<void> execute(const char* sql);
  Result<Statement> prepare(std::string_view sql, bool kept = false);
  // The first column of the first row.
  Result<std::int64_t> number(std::string_view sql);
  Result<std::string> text(std::string_view sql);

  sqlite3* raw() const { return connection_.get(); }
  bool in_transaction() const { return sqlite3_get_autocommit(connection_.get()) == 0; }

 private:
  struct Close {
    void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
  };
  explicit Database(sqlite3* connection) : connection_(connection) {}
  std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace sundial::sqlite
