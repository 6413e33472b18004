// The tables, and how a database of an earlier version becomes one of this.
#pragma once

#include "agent/adapters/sqlite/database.hpp"

namespace sundial::sqlite {

// Refuses a database of a later version, or of another program, as it stands: `unsupported`, in one
// line that names the versions. Writes nothing; an empty one is ours.
Result<void> recognise(Database& database);

// Makes the tables of one that is recognised, or brings them forward.
Result<void> prepare_schema(Database& database);

// The number of migrations: the version that this program writes.
int schema_version();

}  // namespace sundial::sqlite
