using CodeChill.Text.Encoding;

namespace CodeChill.Text.Store;

/// <summary>Shared types as JSON, as <c>toJSON()</c> gives it.</summary>
internal sealed class TypeJson(ItemStore store)
{
    private readonly ByteWriter _json = new(256);
    private int _depth;

    public string OfMap(int type)
    {
        WriteMap(type);
        return Text();
    }

    public string OfArray(int type)
    {
        WriteArray(type);
        return Text();
    }

    public string OfMapValue(int item)
    {
        WriteLast(item);
        return Text();
    }

    private string Text() => System.Text.Encoding.UTF8.GetString(_json.Written);

    private void WriteMap(int type)
    {
        Enter();
        _json.WriteByte((byte)'{');
        bool first = true;
        for (int entry = store.Types[type].FirstEntry; entry >= 0; entry = store.Entries[entry].Next)
        {
            int tail = store.Entries[entry].Tail;
            if (tail < 0 || store.Items[tail].IsDeleted)
            {
                continue;
            }

            Separate(ref first);
            JsonConversion.WriteString(_json, System.Text.Encoding.UTF8.GetBytes(store.Key(store.Entries[entry].Key)));
            _json.WriteByte((byte)':');
            WriteLast(tail);
        }

        _json.WriteByte((byte)'}');
        _depth--;
    }

    private void WriteArray(int type)
    {
        Enter();
        _json.WriteByte((byte)'[');
        bool first = true;
        for (int handle = store.Types[type].First; handle >= 0; handle = store.Items[handle].Right)
        {
            int count = store.Items[handle].VisibleLength;
            for (int i = 0; i < count; i++)
            {
                Separate(ref first);
                WriteElement(handle, i);
            }
        }

        _json.WriteByte((byte)']');
        _depth--;
    }

    private void Enter()
    {
        if (++_depth > ByteReader.MaxNesting)
        {
            throw new InvalidOperationException($"Types are nested deeper than {ByteReader.MaxNesting} levels.");
        }
    }

    private void Separate(ref bool first)
    {
        if (!first)
        {
            _json.WriteByte((byte)',');
        }

        first = false;
    }

    private void WriteLast(int handle) => WriteElement(handle, store.Items[handle].Length - 1);

    private void WriteElement(int handle, int index)
    {
        ref var item = ref store.Items[handle];
        switch (item.Kind)
        {
            case Kind.String:
                JsonConversion.WriteString(_json, System.Text.Encoding.UTF8.GetBytes(store.CharAt(in item, index).ToString()));
                break;
            case Kind.Any:
                var value = new ByteReader(store.Elements(in item), ItemStore.ListOffset(Kind.Any, store.Elements(in item), index));
                JsonConversion.WriteJson(ref value, _json);
                break;
            case Kind.Json:
                var element = new ByteReader(store.Elements(in item), ItemStore.ListOffset(Kind.Json, store.Elements(in item), index));
                var json = element.ReadVarBytes();
                _json.WriteBytes(json.SequenceEqual("undefined"u8) ? "null"u8 : json);
                break;
            case Kind.Embed:
                _json.WriteBytes(new ByteReader(store.Raw(item.Content)).ReadVarBytes());
                break;
            case Kind.Type:
                WriteType(item.Content);
                break;
            case Kind.Binary:
                JsonConversion.WriteByteObject(_json, new ByteReader(store.Raw(item.Content)).ReadVarBytes());
                break;
            default:
                _json.WriteBytes("{}"u8);
                break;
        }
    }

    private void WriteType(int type)
    {
        switch (store.TypeRefOf(type))
        {
            case TypeRef.Array:
                WriteArray(type);
                break;
            case TypeRef.Map:
                WriteMap(type);
                break;
            case TypeRef.Text:
                JsonConversion.WriteString(_json, System.Text.Encoding.UTF8.GetBytes(store.TextOf(type, false)));
                break;
            default:
                _json.WriteBytes("{}"u8);
                break;
        }
    }
}
