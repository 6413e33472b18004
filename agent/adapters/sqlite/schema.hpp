// The tables, and how a database of an earlier version becomes one of this.
#pragma once

#include "agent/adapters/sqlite/database.hpp"

namespace sundial::sqlite {

// Makes the tables, or brings them forward. A database of a later version, or of another program, is
// refused as it stands: `unsupported`, in one line that names the versions.
Result<void> prepare_schema(Database& database);

// The number of migrations: the version that this program writes.
int schema_version();

}  // namespace sundial::sqlite
