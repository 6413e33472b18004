// The calls of SQLite's C interface that the store needs.
#include "agent/adapters/sqlite/database.hpp"

namespace sundial::sqlite {
namespace {

constexpr int kBusyMillis = 5000;  // somebody looks into the database with a tool of theirs

ErrorKind kind_of(int code) {
  switch (code & 0xFF) {
    case SQLITE_FULL:
    case SQLITE_TOOBIG:
      return ErrorKind::exhausted;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorKind::corrupt;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      return ErrorKind::unavailable;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return ErrorKind::forbidden;
    default:
      return ErrorKind::internal;
  }
}

}  // namespace

Error error_of(sqlite3* connection, int code) {
  const char* message = connection == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(connection);
  return {kind_of(code), std::string("the database: ") + message};
}

Statement& Statement::bind(std::int64_t value) {
  bind_problem_ |= sqlite3_bind_int64(statement_.get(), next_++, value);
  return *this;
}

Statement& Statement::bind(std::string_view text) {
  const char* data = text.data() == nullptr ? "" : text.data();
  bind_problem_ |=
      sqlite3_bind_text64(statement_.get(), next_++, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind_blob(std::string_view bytes) {
  const char* data = bytes.data() == nullptr ? "" : bytes.data();
  bind_problem_ |= sqlite3_bind_blob64(statement_.get(), next_++, data, bytes.size(), SQLITE_STATIC);
  return *this;
}

Statement& Statement::bind_null() {
  bind_problem_ |= sqlite3_bind_null(statement_.get(), next_++);
  return *this;
}

Result<bool> Statement::step() {
  if (bind_problem_ != SQLITE_OK) {
    reset();
    return Error(ErrorKind::internal, "the database: a value can't be bound");
  }
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  sqlite3* connection = sqlite3_db_handle(statement_.get());
  if (code == SQLITE_DONE) {
    reset();
    return false;
  }
  const Error error = error_of(connection, code);
  reset();
  return error;
}

Result<void> Statement::run() {
  auto row = step();
  if (!row) return row.error();
  reset();
  return {};
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
  next_ = 1;
  bind_problem_ = SQLITE_OK;
}

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::text(int column) const {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return data == nullptr ? std::string()
                         : std::string(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

Result<Database> Database::open(const std::string& path, Access access) {
  const int how =
      access == Access::read_write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  sqlite3* connection = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &connection, how | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(connection);
  if (code != SQLITE_OK) return error_of(connection, code).within(path);
  sqlite3_extended_result_codes(connection, 1);
  sqlite3_busy_timeout(connection, kBusyMillis);
  // The file may have been made by an enemy: its schema runs nothing, and its pages are doubted.
  sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, access == Access::damaged ? 0 : 1, nullptr);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  // It writes nothing here; it only makes SQLite read a file that is shorter than its header says.
  if (access == Access::damaged) {
    if (auto done = database.execute("PRAGMA writable_schema=ON"); !done) return done.error();
  }
  if (auto done =
          database.execute("PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-2048");
      !done) {
    return done.error();
  }
  return database;
}

Result<void> Database::execute(const char* sql) {
  const int code = sqlite3_exec(raw(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return error_of(raw(), code);
  return {};
}

Result<Statement> Database::prepare(std::string_view sql, bool kept) {
  sqlite3_stmt* statement = nullptr;
  const unsigned flags = kept ? SQLITE_PREPARE_PERSISTENT : 0;
  const int code =
      sqlite3_prepare_v3(raw(), sql.data(), static_cast<int>(sql.size()), flags, &statement, nullptr);
  if (code != SQLITE_OK) return error_of(raw(), code);
  return Statement(statement);
}

Result<std::int64_t> Database::number(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return statement.error();
  const auto row = statement->step();
  if (!row) return row.error();
  return *row ? statement->number(0) : std::int64_t{0};
}

Result<std::string> Database::text(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return statement.error();
  const auto row = statement->step();
  if (!row) return row.error();
  return *row ? statement->text(0) : std::string();
}

}  // namespace sundial::sqlite
