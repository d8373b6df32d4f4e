# cmake -DADAPTER=sqlite -DHEADER=out.h -DSOURCE=out.cc -DSTATEMENTS=dir -DMIGRATIONS=dir -P EmbedSql.cmake
#
# Makes C++ from .sql files: an enumerator and its text for each statement, and the migrations in
# the order of their numbers.
file(GLOB statements "${STATEMENTS}/*.sql")
file(GLOB migrations "${MIGRATIONS}/*.sql")
list(SORT statements)
list(SORT migrations)

set(names "")
set(statement_texts "")
set(migration_texts "")
foreach(file IN LISTS statements)
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} text)
  string(APPEND names "  ${name},\n")
  string(APPEND statement_texts "    {\"${name}\", R\"sql(${text})sql\"},\n")
endforeach()
foreach(file IN LISTS migrations)
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} text)
  string(APPEND migration_texts "    {\"${name}\", R\"sql(${text})sql\"},\n")
endforeach()

file(CONFIGURE OUTPUT ${HEADER} @ONLY CONTENT [[
#pragma once
// Made by EmbedSql.cmake from the .sql files beside this adapter.
#include <cstddef>
#include <span>

namespace waybill::@ADAPTER@ {

enum class Sql : std::size_t {
@names@};

struct NamedSql {
  const char* name;
  const char* text;
};
std::span<const NamedSql> statements();  ///< by Sql
std::span<const NamedSql> migrations();  ///< the first leads to schema version 1

}  // namespace waybill::@ADAPTER@
]])
file(CONFIGURE OUTPUT ${SOURCE} @ONLY CONTENT [[
#include "adapters/@ADAPTER@/sql_statements.h"

namespace waybill::@ADAPTER@ {
namespace {
constexpr NamedSql kStatements[] = {
@statement_texts@};
constexpr NamedSql kMigrations[] = {
@migration_texts@};
}  // namespace

std::span<const NamedSql> statements() { return kStatements; }
std::span<const NamedSql> migrations() { return kMigrations; }

}  // namespace waybill::@ADAPTER@
]])
