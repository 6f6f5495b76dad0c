using CodeChill.Server.Auth;
using CodeChill.Server.Documents;
using CodeChill.Server.Executions;
using CodeChill.Server.History;
using CodeChill.Server.Operations;
using CodeChill.Server.Platform;
using CodeChill.Server.Rooms;
using CodeChill.Server.Users;

if (args.Contains(SandboxCheck.Argument))
    return await SandboxCheck.RunAsync(Console.Out);

var builder = WebApplication.CreateBuilder(args);
builder.AddPlatform();
if (DocumentCheck.IsAsked(args))
    return await DocumentCheck.RunAsync(builder, args, Console.Out);

builder.AddAccounts();
builder.AddUsers();
builder.AddHistory();
builder.AddRooms();
builder.AddOperations();

var app = builder.Build();
if (!await app.PrepareAsync())
    return Startup.RefusedExitCode;

app.UsePlatform();
app.MapHealth();
app.MapAbout();
app.MapAccounts();
app.MapUsers();
app.MapRooms();
app.MapHistory();
app.MapOperations();
return await app.ServeAsync();
