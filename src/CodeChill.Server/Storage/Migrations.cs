using System.Data.Common;
using EvolveDb;

namespace CodeChill.Server.Storage;

/// <summary>Applies the SQL files embedded under <c>Storage/Migrations/{dialect}</c> in order of version (Evolve keeps its record in <c>changelog</c>).</summary>
internal static class Migrations
{
    public static void Apply(DbConnection connection, string dialect)
    {
        var assembly = typeof(Migrations).Assembly;
        var evolve = new Evolve(connection)
        {
            EmbeddedResourceAssemblies = [assembly],
            EmbeddedResourceFilters = [$"CodeChill.Server.Storage.Migrations.{dialect}."],
            MetadataTableName = "changelog",
            IsEraseDisabled = true,
            EnableClusterMode = dialect == "mysql",
        };
        evolve.Migrate();
    }
}
