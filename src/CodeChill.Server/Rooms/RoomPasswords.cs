using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace CodeChill.Server.Rooms;

/// <summary>Room passwords, salted and slow like account passwords; how many are hashed at once is bounded, so guessing cannot eat the processor.</summary>
internal sealed class RoomPasswords
{
    private const int Iterations = 210_000;

    private readonly PasswordHasher<object> _hasher = new(Options.Create(new PasswordHasherOptions { IterationCount = Iterations }));
    private readonly SemaphoreSlim _slots = new(Math.Max(1, Environment.ProcessorCount / 2));

    public Task<string> HashAsync(string password) => OnSlotAsync(() => _hasher.HashPassword(this, password));

    public Task<bool> VerifyAsync(string? hash, string password)
        => hash is null
            ? Task.FromResult(false)
            : OnSlotAsync(() => _hasher.VerifyHashedPassword(this, hash, password) != PasswordVerificationResult.Failed);

    private async Task<T> OnSlotAsync<T>(Func<T> work)
    {
        await _slots.WaitAsync();
        try
        {
            return await Task.Run(work);
        }
        finally
        {
            _slots.Release();
        }
    }
}
