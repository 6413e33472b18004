// Row by row from both ends of each table, up to where the damage is.
#include "agent/adapters/sqlite/salvage.hpp"

#include <functional>

#include <fmt/format.h>

#include "agent/adapters/sqlite/rows.hpp"

namespace sundial::sqlite {
namespace {

// Visits the rows from the front; where that ends in an error, also from the back.
void visit_rows(Database& from, const std::string& columns, const std::string& order,
                const std::function<void(const Statement&)>& visit) {
  for (const char* direction : {"ASC", "DESC"}) {
    auto statement = from.prepare(fmt::format("SELECT {} ORDER BY {} {}", columns, order, direction));
    if (!statement) return;
    Result<bool> row = false;
    while ((row = statement->step()) && *row) visit(*statement);
    if (row) return;
  }
}

void salvage_outbox(Database& from, Statement& insert, Salvaged& saved) {
  visit_rows(from, "number, state, sum, record, memory, reason FROM outbox", "number",
             [&](const Statement& row) {
               const std::int64_t number = row.number(0);
               const std::string text = row.text(3);
               const auto record = record_from_text(static_cast<std::uint64_t>(number), text);
               const bool whole =
                   number > 0 && sum_of(static_cast<std::uint64_t>(number), text) == row.number(2) && record;
               if (!whole) {
                 ++saved.left_out;
                 return;
               }
               const auto memory = row.is_null(4) ? std::nullopt : std::optional(row.text(4));
               const auto reason = row.is_null(5) ? std::nullopt : std::optional(row.text(5));
               const auto done = insert.bind(number)
                                     .bind(row.number(1) == 0 ? std::int64_t{0} : std::int64_t{1})
                                     .bind(static_cast<std::int64_t>(room_of(text)))
                                     .bind(row.number(2))
                                     .bind(lane_hash(record->lane))
                                     .bind(text)
                                     .bind_optional(memory)
                                     .bind_optional(reason)
                                     .bind(std::int64_t{record->priority})
                                     .run();
               if (done) ++saved.records;
             });
}

void salvage_state(Database& from, Statement& insert, Salvaged& saved) {
  visit_rows(from, "owner, key, sum, bytes FROM state", "owner, key", [&](const Statement& row) {
    const std::string owner = row.text(0);
    const std::string key = row.text(1);
    const std::string bytes = row.text(3);
    if (sum_of(owner, key, bytes) != row.number(2)) {
      ++saved.left_out;
    } else if (insert.bind(owner).bind(key).bind(row.number(2)).bind_blob(bytes).run()) {
      ++saved.states;
    }
  });
}

void salvage_facts(Database& from, Statement& insert) {
  visit_rows(from, "name, value FROM fact", "name", [&](const Statement& row) {
    const std::string name = row.text(0);
    const std::string value = row.text(1);
    (void)insert.bind(name).bind_blob(value).run();
  });
}

// The totals are counted anew; of the old row only the place in the journal and the numbering matter.
Result<bool> salvage_progress(Database& from, Database& into) {
  std::int64_t journal = 0;
  std::int64_t next = 0;
  auto statement = from.prepare("SELECT journal, next_number FROM progress");
  const bool found = statement && statement->step().value_or(false);
  if (found) {
    journal = statement->number(0);
    next = statement->number(1);
  }
  const bool sane = found && journal >= 0 && next > 0;
  const std::string sql = fmt::format(
      "UPDATE progress SET journal = {}, next_number = max({}, 1 + (SELECT coalesce(max(number), 0) FROM "
      "outbox)), "
      "waiting = (SELECT count(*) FROM outbox WHERE state = 0), "
      "waiting_bytes = (SELECT coalesce(sum(size), 0) FROM outbox WHERE state = 0), "
      "dead = (SELECT count(*) FROM outbox WHERE state = 1), "
      "dead_bytes = (SELECT coalesce(sum(size), 0) FROM outbox WHERE state = 1)",
      sane ? journal : 0, sane ? next : 1);
  if (auto done = into.execute(sql.c_str()); !done) return done.error();
  return sane;
}

}  // namespace

Result<Salvaged> salvage(const std::string& damaged, Database& into) {
  Salvaged saved;
  auto from = Database::open(damaged, Database::Access::damaged);
  if (!from) return saved;
  auto record = into.prepare(
      "INSERT OR IGNORE INTO outbox(number, state, size, sum, lane, record, memory, reason, priority) "
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)");
  if (!record) return record.error();
  auto state = into.prepare("INSERT OR IGNORE INTO state(owner, key, sum, bytes) VALUES(?, ?, ?, ?)");
  if (!state) return state.error();
  auto fact = into.prepare("INSERT OR IGNORE INTO fact(name, value) VALUES(?, ?)");
  if (!fact) return fact.error();
  if (auto done = into.execute("BEGIN IMMEDIATE"); !done) return done.error();
  salvage_outbox(*from, *record, saved);
  salvage_state(*from, *state, saved);
  salvage_facts(*from, *fact);
  const auto progress = salvage_progress(*from, into);
  if (!progress) return progress.error();
  saved.progress = *progress;
  if (auto done = into.execute("COMMIT"); !done) return done.error();
  return saved;
}

}  // namespace sundial::sqlite
