using CodeChill.Server.Auth;
using CodeChill.Server.Platform;
using CodeChill.Server.Users;

var builder = WebApplication.CreateBuilder(args);
builder.AddPlatform();
builder.AddAccounts();
builder.AddUsers();

var app = builder.Build();
if (!await app.PrepareAsync())
    return Startup.RefusedExitCode;

app.UsePlatform();
app.MapHealth();
app.MapAbout();
app.MapAccounts();
app.MapUsers();
await app.RunAsync();
return 0;
