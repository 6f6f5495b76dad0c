using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace CodeChill.Server.Operations;

/// <summary>
/// The description of the API: the files <c>Operations/Api/*.json</c>, in a short hand that one can read and review beside the contract.
/// A route names its summary, its bodies and its errors; a shape is
/// <c>"string" "integer" "number" "boolean" "uuid" "time" "any" "text"</c>, <c>"=a|b"</c> for a closed list, the name of a schema, any of
/// these with <c>?</c> for "or null"; <c>[shape]</c> for a list; <c>{"name": shape}</c> for an object, where <c>"name?"</c> may be absent,
/// <c>"*"</c> stands for any name, and <c>"..."</c> takes over another schema's fields. Objects may always have more fields than named.
/// Errors that every route has (401, 429, 500, 503) are not written down each time.
/// </summary>
internal sealed class ApiCatalog
{
    private const string JsonType = "application/json";
    private static readonly string[] _standard = ["429", "500", "503"];

    private readonly Dictionary<string, JsonElement> _schemas = [];
    private readonly SortedDictionary<string, (string Tag, JsonElement Route)> _routes = new(StringComparer.Ordinal);

    public ApiCatalog()
    {
        var assembly = typeof(ApiCatalog).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Where(n => n.StartsWith("CodeChill.Server.Operations.Api.", StringComparison.Ordinal)).Order())
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            var file = JsonSerializer.Deserialize<JsonElement>(stream);
            var tag = file.TryGetProperty("tag", out var named) ? named.GetString()! : "";
            if (file.TryGetProperty("schemas", out var schemas))
            {
                foreach (var schema in schemas.EnumerateObject())
                    _schemas.Add(schema.Name, schema.Value);
            }

            if (file.TryGetProperty("routes", out var routes))
            {
                foreach (var route in routes.EnumerateObject())
                    _routes.Add(route.Name, (tag, route.Value));
            }
        }
    }

    /// <summary>"GET /api/rooms" and so on.</summary>
    public IReadOnlyCollection<string> Routes => _routes.Keys;

    /// <summary>Puts the description in the place of what the framework found out by itself.</summary>
    public void Describe(OpenApiDocument document)
    {
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            ["bearer"] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "This application's access token, or the identity provider's",
            },
        };
        document.Components.Schemas = new Dictionary<string, IOpenApiSchema>();
        foreach (var name in _schemas.Keys)
            document.Components.Schemas[name] = Shape(_schemas[name], document);
        document.Paths = [];
        document.Tags = _routes.Values.Select(route => route.Tag).Distinct().Select(tag => new OpenApiTag { Name = tag }).ToHashSet();
        foreach (var (name, (tag, route)) in _routes)
        {
            var (method, path) = (name.Split(' ')[0], name.Split(' ')[1]);
            if (!document.Paths.TryGetValue(path, out var item))
                document.Paths[path] = item = new OpenApiPathItem();
            ((OpenApiPathItem)item).AddOperation(HttpMethod.Parse(method), Operation(method, path, tag, route, document));
        }
    }

    private static OpenApiOperation Operation(string method, string path, string tag, JsonElement route, OpenApiDocument document)
    {
        var auth = Text(route, "auth") ?? "required";
        var operation = new OpenApiOperation
        {
            OperationId = method.ToLowerInvariant() + path.Replace("/api", "", StringComparison.Ordinal).Replace('/', '_').Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal),
            Summary = Text(route, "summary"),
            Description = Text(route, "description"),
            Tags = new HashSet<OpenApiTagReference> { new(tag, document) },
            Parameters = [.. Parameters(path, route, document)],
            Responses = [],
        };
        if (auth != "none")
            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("bearer", document)] = [] }];
        if (auth == "optional")
            operation.Security!.Add([]);
        if (route.TryGetProperty("body", out var body))
            operation.RequestBody = new OpenApiRequestBody { Content = Content(body, document) };
        foreach (var status in route.EnumerateObject().Where(member => member.Name.Length == 3 && char.IsAsciiDigit(member.Name[0])))
            operation.Responses[status.Name] = new OpenApiResponse { Description = status.Name[0] == '2' ? "Done" : "Failed", Content = Content(status.Value, document) };
        if (route.TryGetProperty("errors", out var errors))
        {
            foreach (var error in errors.EnumerateObject())
                operation.Responses[error.Name] = Failure(error.Value.GetString()!, document);
        }

        if (auth == "required")
            operation.Responses.TryAdd("401", Failure("No token, or one that is not good", document));
        foreach (var status in path.StartsWith("/api", StringComparison.Ordinal) ? _standard : [])
            operation.Responses.TryAdd(status, Failure(status switch { "429" => "Rate limit exceeded", "503" => "The database is away", _ => "A bug" }, document));
        return operation;
    }

    private static IEnumerable<IOpenApiParameter> Parameters(string path, JsonElement route, OpenApiDocument document)
    {
        foreach (var segment in path.Split('/').Where(part => part.StartsWith('{')))
            yield return new OpenApiParameter { Name = segment.Trim('{', '}'), In = ParameterLocation.Path, Required = true, Schema = Shape(JsonElement.Parse("\"string\""), document) };
        if (!route.TryGetProperty("query", out var query))
            yield break;
        foreach (var parameter in query.EnumerateObject())
        {
            yield return new OpenApiParameter
            {
                Name = parameter.Name.TrimEnd('?'),
                In = ParameterLocation.Query,
                Required = !parameter.Name.EndsWith('?'),
                Schema = Shape(parameter.Value, document),
            };
        }
    }

    private static OpenApiResponse Failure(string description, OpenApiDocument document)
        => new() { Description = description, Content = Content(JsonElement.Parse("\"error\""), document) };

    private static Dictionary<string, OpenApiMediaType> Content(JsonElement shape, OpenApiDocument document)
        => shape.ValueKind == JsonValueKind.String && shape.GetString() is "text" or "ndjson"
            ? new() { [shape.GetString() == "text" ? "text/plain" : "application/x-ndjson"] = new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.String } } }
            : new() { [JsonType] = new OpenApiMediaType { Schema = Shape(shape, document) } };

    private static IOpenApiSchema Shape(JsonElement shape, OpenApiDocument document) => shape.ValueKind switch
    {
        JsonValueKind.String => Named(shape.GetString()!, document),
        JsonValueKind.Array => new OpenApiSchema { Type = JsonSchemaType.Array, Items = Shape(shape[0], document) },
        JsonValueKind.Object => Object(shape, document),
        _ => throw new InvalidDataException($"no shape: {shape}"),
    };

    private static IOpenApiSchema Named(string name, OpenApiDocument document)
    {
        var orNull = name.EndsWith('?') ? JsonSchemaType.Null : default;
        name = name.TrimEnd('?');
        switch (name)
        {
            case "any":
                return new OpenApiSchema();
            case "string" or "text":
                return new OpenApiSchema { Type = JsonSchemaType.String | orNull };
            case "uuid":
                return new OpenApiSchema { Type = JsonSchemaType.String | orNull, Format = "uuid" };
            case "time":
                return new OpenApiSchema { Type = JsonSchemaType.String | orNull, Format = "date-time" };
            case "integer":
                return new OpenApiSchema { Type = JsonSchemaType.Integer | orNull };
            case "number":
                return new OpenApiSchema { Type = JsonSchemaType.Number | orNull };
            case "boolean":
                return new OpenApiSchema { Type = JsonSchemaType.Boolean | orNull };
            case ['=', .. var choices]:
                var allowed = choices.Split('|').Select(choice => (JsonNode)choice!).ToList();
                if (orNull != default)
                    allowed.Add(JsonNullSentinel.JsonNull);
                return new OpenApiSchema { Type = JsonSchemaType.String | orNull, Enum = allowed };
            default:
                var reference = new OpenApiSchemaReference(name, document);
                return orNull == default ? reference : new OpenApiSchema { OneOf = [reference, new OpenApiSchema { Type = JsonSchemaType.Null }] };
        }
    }

    private static OpenApiSchema Object(JsonElement shape, OpenApiDocument document)
    {
        var schema = new OpenApiSchema { Type = JsonSchemaType.Object, Properties = new Dictionary<string, IOpenApiSchema>(), Required = new HashSet<string>() };
        foreach (var member in shape.EnumerateObject())
        {
            switch (member.Name)
            {
                case "...":
                    schema.AllOf = [new OpenApiSchemaReference(member.Value.GetString()!, document)];
                    break;
                case "*":
                    schema.AdditionalProperties = Shape(member.Value, document);
                    break;
                default:
                    schema.Properties[member.Name.TrimEnd('?')] = Shape(member.Value, document);
                    if (!member.Name.EndsWith('?'))
                        schema.Required.Add(member.Name);
                    break;
            }
        }

        return schema;
    }

    private static string? Text(JsonElement route, string name) => route.TryGetProperty(name, out var value) ? value.GetString() : null;
}
