using CodeChill.Server.Platform;

namespace CodeChill.Server.Auth;

internal static class AuthErrors
{
    public static readonly Error TokenRequired = new("auth.token_required", 401, "Authorization token required", Retry.AfterLogin);
    public static readonly Error InvalidToken = new("auth.invalid_token", 401, "Invalid token", Retry.AfterLogin);
    public static readonly Error TokenExpired = new("auth.token_expired", 401, "Token has expired", Retry.AfterLogin);

    /// <summary>The provider's token is genuine and says too little about its user.</summary>
    public static readonly Error InvalidPayload = new("auth.invalid_payload", 400, "Invalid token payload");

    public static readonly Error ProviderUnavailable =
        new("auth.provider_unavailable", 503, "Identity provider unavailable", Retry.Later, TimeSpan.FromSeconds(10));

    /// <summary>One answer for a wrong password and an unknown address: neither is told apart from the other.</summary>
    public static readonly Error WrongPassword = new("auth.wrong_password", 401, "Invalid email or password");

    public static readonly Error EmailTaken = new("auth.email_taken", 409, "Email already registered");
    public static readonly Error InvalidEmail = new("auth.invalid_email", 400, "Invalid email");
    public static readonly Error PasswordLength = new("auth.password_length", 400, "Password must be between 8 and 256 characters");
    public static readonly Error NameRequired = new("auth.name_required", 400, "Name is required (at most 100 characters)");
    public static readonly Error GuestsOff = new("auth.guests_off", 403, "Guest sign-in is disabled");
    public static readonly Error LocalAccountsOff = new("auth.local_accounts_off", 403, "Local accounts are disabled");
}
