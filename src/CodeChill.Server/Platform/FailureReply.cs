using System.Text.Json.Serialization;

namespace CodeChill.Server.Platform;

/// <summary>A failure over REST: the contract's <c>error</c>, and members of RFC 9457. Seconds to wait are there only when waiting helps.</summary>
internal sealed record FailureReply(
    string Error, string Code, int Status, string Title, string Type, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? RetryAfter);

/// <summary>The event <c>error</c>: what was wrong with which event.</summary>
internal sealed record FailureEvent(string Message, string Code, string Event, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? RetryAfter);

/// <summary>The acknowledgement of an event that failed. <c>retry</c>: the same may be sent again.</summary>
internal sealed record FailureAck(
    bool Ok, string Error, string Code, Retry Retry, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? RetryAfter);
