using CodeChill.Text.Store;

namespace CodeChill.Text;

/// <summary>A root <c>Y.Array</c>, to be read.</summary>
public sealed class SharedArray
{
    private readonly ItemStore _store;
    private readonly int _type;

    internal SharedArray(ItemStore store, int type)
    {
        _store = store;
        _type = type;
    }

    /// <summary>How many elements it has.</summary>
    public int Count => _store.Types[_type].Length;

    /// <summary>The whole array as JSON: nested texts as strings, XML and subdocuments as empty objects.</summary>
    /// <returns>The JSON text.</returns>
    /// <exception cref="InvalidOperationException">Types are nested deeper than 256 levels.</exception>
    public string ToJson() => new TypeJson(_store).OfArray(_type);
}
