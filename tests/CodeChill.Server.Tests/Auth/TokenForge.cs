using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace CodeChill.Server.Tests.Auth;

/// <summary>Makes tokens by hand, so that they can be wrong in every way no library would allow.</summary>
internal static class TokenForge
{
    public static RsaKey NewRsa(string id, int bits = 2048) => new(id, RSA.Create(bits));

    public static string Part(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));

    public static string Join(string header, string payload, byte[] signature) => $"{Part(header)}.{Part(payload)}.{Base64Url.EncodeToString(signature)}";

    public static string Hmac(byte[] key, string header, string payload)
        => Join(header, payload, HMACSHA256.HashData(key, Encoding.ASCII.GetBytes($"{Part(header)}.{Part(payload)}")));

    public static JsonObject Header(string? algorithm, string? keyId, string? type = "JWT")
    {
        var header = new JsonObject();
        if (algorithm is not null)
            header["alg"] = algorithm;
        if (type is not null)
            header["typ"] = type;
        if (keyId is not null)
            header["kid"] = keyId;
        return header;
    }

    internal sealed record RsaKey(string Id, RSA Key)
    {
        public JsonObject PublicJwk()
        {
            var parameters = Key.ExportParameters(false);
            return new JsonObject
            {
                ["kty"] = "RSA",
                ["use"] = "sig",
                ["alg"] = "RS256",
                ["kid"] = Id,
                ["n"] = Base64Url.EncodeToString(parameters.Modulus),
                ["e"] = Base64Url.EncodeToString(parameters.Exponent),
            };
        }

        public string Sign(JsonObject claims, JsonObject? header = null) => Sign((header ?? Header("RS256", Id)).ToJsonString(), claims.ToJsonString());

        public string Sign(string header, string payload)
            => Join(header, payload, Key.SignData(Encoding.ASCII.GetBytes($"{Part(header)}.{Part(payload)}"), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }
}
