using System.Buffers.Text;
using System.Security.Cryptography;

namespace CodeChill.SocketIO.Engine;

/// <summary>20 URL-safe characters, 120 random bits.</summary>
internal static class SecretId
{
    public static string Create()
    {
        Span<byte> bytes = stackalloc byte[15];
        RandomNumberGenerator.Fill(bytes);
        return Base64Url.EncodeToString(bytes);
    }
}
