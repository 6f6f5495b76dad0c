using CodeChill.Text.Store;

namespace CodeChill.Text;

/// <summary>A root <c>Y.Map</c>, to be read.</summary>
public sealed class SharedMap
{
    private readonly ItemStore _store;
    private readonly int _type;

    internal SharedMap(ItemStore store, int type)
    {
        _store = store;
        _type = type;
    }

    /// <summary>The keys that have a value, in no particular order.</summary>
    public IReadOnlyList<string> Keys => _store.LiveKeys(_type);

    /// <summary>The value of a key as JSON.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The JSON text as JavaScript would give it; null when there is no value.</returns>
    /// <exception cref="InvalidOperationException">Types are nested deeper than 256 levels.</exception>
    public string? GetJson(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        int item = _store.FindMapValue(_type, key);
        return item < 0 ? null : new TypeJson(_store).OfMapValue(item);
    }

    /// <summary>The whole map as a JSON object: nested texts as strings, XML and subdocuments as empty objects.</summary>
    /// <returns>The JSON text.</returns>
    /// <exception cref="InvalidOperationException">Types are nested deeper than 256 levels.</exception>
    public string ToJson() => new TypeJson(_store).OfMap(_type);
}
