namespace CodeChill.Server.Users;

/// <summary>The routes under <c>/api/users</c>.</summary>
internal static class UsersEndpoints
{
    public static void AddUsers(this WebApplicationBuilder builder) => builder.Services.AddSingleton<UserStore>();

    public static void MapUsers(this WebApplication app)
    {
        var users = app.MapGroup("/api/users");
    }
}
