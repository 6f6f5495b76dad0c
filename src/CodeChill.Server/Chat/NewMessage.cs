namespace CodeChill.Server.Chat;

[GenerateSerializer, Immutable]
internal sealed record NewMessage([property: Id(0)] string Content, [property: Id(1)] string Type, [property: Id(2)] string? ReplyTo);
